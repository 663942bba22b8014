"""A kill at any moment leaves whole image sets or none, and the next start finds the store in order."""

import concurrent.futures
import os
import shutil
import signal
import socket
import subprocess

import pytest

from built_program import binary
from server_support import Server, clean_environment, synthesize, wait_until


def image_sets(client, datastore):
    answer = client.search_image_sets(datastoreId=datastore, searchCriteria={})
    return {summary["imageSetId"] for summary in answer["imageSetsMetadataSummaries"]}


def read_everything(client, store, datastore, image_set):
    folder = store / "datastores" / datastore / "imagesets" / image_set / "frames"
    for frame in sorted(os.listdir(folder)):
        response = client.get_image_frame(
            datastoreId=datastore, imageSetId=image_set, imageFrameInformation={"imageFrameId": frame})
        assert response["imageFrameBlob"].read() == (folder / frame).read_bytes()


def test_a_killed_server_comes_back_with_the_data_it_had(tmp_path):
    store = tmp_path / "store"
    datastore, image_set = synthesize(store, frames=4)
    with Server(store) as first:
        client = first.client()
        made = client.create_datastore(datastoreName="made-before-the-kill")["datastoreId"]
        arn = client.get_datastore(datastoreId=made)["datastoreProperties"]["datastoreArn"]
        client.tag_resource(resourceArn=arn, tags={"kept": "yes"})
        first.kill()
    with Server(store) as second:
        client = second.client()
        assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"kept": "yes"}
        assert image_sets(client, datastore) == {image_set}
        read_everything(client, store, datastore, image_set)


def test_a_server_killed_again_and_again_while_it_is_written_to_keeps_what_it_acknowledged(tmp_path):
    store = tmp_path / "store"
    acknowledged = set()
    for _ in range(5):
        with Server(store) as server, concurrent.futures.ThreadPoolExecutor() as pool:
            client = server.client()

            def create(number):
                try:
                    return client.create_datastore(datastoreName=f"n{number}")["datastoreId"]
                except Exception:  # the kill cuts what is under way
                    return None

            calls = [pool.submit(create, number) for number in range(200)]
            done = concurrent.futures.wait(calls, return_when=concurrent.futures.FIRST_COMPLETED).done
            assert done
            server.kill()
            acknowledged |= {call.result() for call in calls} - {None}
    assert acknowledged
    with Server(store) as server:
        pages = server.client().get_paginator("list_datastores").paginate()
        listed = {each["datastoreId"] for page in pages for each in page["datastoreSummaries"]}
    assert acknowledged <= listed


def test_a_killed_writer_leaves_nothing_to_see_and_is_swept(tmp_path):
    store = tmp_path / "store"
    datastore, whole = synthesize(store)
    writers = store / "datastores" / datastore / "writers"
    with Server(store) as server:
        writer = subprocess.Popen(
            [binary(), "local", "synth", "--store", str(store), "--modality", "CT", "--frames", "200000",
             "--size", "512x512", "--seed", "2", "--json"],
            env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            wait_until(lambda: any(writers.glob("*/frames/*")), "the first frame of the writer")
            writer.send_signal(signal.SIGSTOP)
            assert image_sets(server.client(), datastore) == {whole}, "an unfinished image set is not seen"
            # A store opened beside a live writer leaves it alone, even one that does not run just now.
            _, second = synthesize(store, seed=3)
            assert any(writers.glob("*/frames/*"))
        finally:
            writer.kill()
            writer.communicate()
        assert image_sets(server.client(), datastore) == {whole, second}
    with Server(store) as server:
        assert os.listdir(writers) == [], "the leftovers of a dead writer are swept when a store is opened"
        client = server.client()
        assert image_sets(client, datastore) == {whole, second}
        read_everything(client, store, datastore, whole)


def test_a_port_in_use_is_told_in_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = subprocess.run(
            [binary(), "local", "serve", "--store", str(tmp_path / "store"), "--port", str(port), "--json"],
            env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert result.returncode not in (0, None)
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert str(port) in result.stderr and "in use" in result.stderr


def test_http2_is_spoken_where_the_client_offers_it_and_the_certificate_is_needed(tmp_path):
    curl = shutil.which("curl")
    if not curl or b"HTTP2" not in subprocess.run([curl, "--version"], capture_output=True).stdout:
        pytest.skip("no curl with HTTP/2 on this machine")
    with Server(tmp_path / "store", "--tls") as server:

        def get(*options):
            return subprocess.run(
                [curl, "-sS", "-o", os.devnull, "-w", "%{http_version} %{http_code}", *options, server.url + "/datastore"],
                env=clean_environment(), capture_output=True, text=True, timeout=60)

        assert get("--cacert", server.certificate, "--http2").stdout == "2 200"
        assert get("--cacert", server.certificate, "--http1.1").stdout == "1.1 200"
        assert get().returncode == 60, "without the CA the certificate is not trusted"
        named = get("--cacert", server.certificate, "--resolve", f"localhost:{server.port}:127.0.0.1")
        assert named.stdout == "2 200"
    with Server(tmp_path / "store", "--tls") as again:
        assert again.certificate == server.certificate
        server.url = again.url
        assert get("--cacert", again.certificate).stdout == "2 200", "a restart keeps the authority"
