"""Answers that are no frames, wrong bytes and expired credentials: told apart, traced, and never written as data."""

import threading
import zlib

import pytest
from built_program import KEY, SECRET
from cli_support import error_lines, output_files, parse_lines, read_manifest
from fake_service import DATASTORE, HTML, IMAGE_SET, Answer, FakeService, frame_body, frame_id, metadata, refuse

PAGES = {
    "a page": HTML,
    "a page under a false name": Answer(200, HTML.body, {"Content-Type": "application/octet-stream"}),
    "a page without a name": Answer(200, HTML.body),
    "JSON": Answer(200, b'{"message":"token=hush-hush"}', {"Content-Type": "application/json"}),
    "JSON under a false name": Answer(200, b'{"message":"token=hush-hush"}', {"Content-Type": "image/jph"}),
    "XML": Answer(200, b"<?xml version='1.0'?><Error/>", {"Content-Type": "application/xml"}),
}


def fetch(program, service, output, *options, **more):
    return program.run(
        "fetch", "--endpoint-url", service.url, "--no-sign-request", "--datastore", DATASTORE,
        "--image-set", IMAGE_SET, "--output", output, *options, **more)


def without_checksums(document):
    for frame in document["Study"]["Series"]["1.2.3"]["Instances"]["1.2.3.4"]["ImageFrames"]:
        del frame["PixelDataChecksumFromBaseToFullResolution"]
    return document


def as_codestreams(document):
    document["Study"]["Series"]["1.2.3"]["Instances"]["1.2.3.4"]["StoredTransferSyntaxUID"] = "1.2.840.10008.1.2.4.202"
    return document


@pytest.mark.parametrize("kind", [lambda document: document, as_codestreams], ids=["as stored", "codestreams"])
@pytest.mark.parametrize("page_format", ["raw", "jph"])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_a_text_in_the_place_of_a_frame_is_never_written(program, tmp_path, page, page_format, kind):
    document = kind(without_checksums(metadata(4)))
    with FakeService(document=document, frame=page) as service:
        result = fetch(
            program, service, tmp_path, "--allow-unverifiable", "--format", page_format, "--retries", "1")
    assert result.returncode in (1, 69), result.stderr
    assert output_files(tmp_path) == set()
    lines = read_manifest(tmp_path)
    assert len(lines) == 4 and {line["status"] for line in lines} == {"failed"}
    assert all(line["attempts"] == 2 for line in lines), "it is worth another try"
    everything = result.stderr + (tmp_path / "manifest.jsonl").read_text() + (tmp_path / "report.json").read_text()
    assert "hush" not in everything and "68 75 73 68" not in everything


def test_a_sign_in_page_is_told_by_its_type_and_ends_the_run_with_69(program, tmp_path):
    with FakeService(frames=4, frame=HTML) as service:
        result = fetch(program, service, tmp_path, "--retries", "1")
    assert result.returncode == 69 and "text/html" in error_lines(result)[0]
    assert {line["error"]["code"] for line in read_manifest(tmp_path)} == {"not-a-frame"}


def test_a_page_once_is_asked_again(program, tmp_path):
    seen = set()

    def first_a_page(identifier):
        if identifier not in seen:
            seen.add(identifier)
            return HTML

    with FakeService(frames=5, frame=first_a_page) as service:
        assert fetch(program, service, tmp_path).returncode == 0
    assert {line["attempts"] for line in read_manifest(tmp_path)} == {2}


def flipped(identifier):
    body = bytearray(frame_body(identifier))
    body[17] ^= 4
    return bytes(body)


def test_bytes_that_come_right_the_second_time_were_the_networks_fault(program, tmp_path):
    seen = set()

    def first_flipped(identifier):
        if identifier not in seen and identifier in (frame_id(1), frame_id(3)):
            seen.add(identifier)
            return Answer(200, flipped(identifier))

    evidence = tmp_path / "evidence"
    with FakeService(frames=5, frame=first_flipped) as service:
        result = fetch(program, service, tmp_path / "out", "--keep-evidence", evidence, "--json")
    assert result.returncode == 0, result.stderr
    causes = {line["imageFrameId"]: line["mismatchCause"] for line in read_manifest(tmp_path / "out")}
    assert {identifier for identifier, cause in causes.items() if cause == "network"} == {frame_id(1), frame_id(3)}
    assert [cause for cause in causes.values() if cause is None] == [None] * 3
    assert parse_lines(result.stdout)[-1]["counts"]["framesByMismatchCause"] == {"network": 2}
    kept = {path.relative_to(evidence).as_posix(): path.read_bytes() for path in evidence.rglob("*") if path.is_file()}
    assert kept == {
        f"{DATASTORE}/{IMAGE_SET}/{frame_id(n)}-{zlib.crc32(flipped(frame_id(n))):08x}.raw": flipped(frame_id(n))
        for n in (1, 3)}


def test_the_same_wrong_bytes_twice_are_the_services_fault(program, tmp_path):
    evidence = tmp_path / "evidence"
    with FakeService(document=metadata(6, wrong_checksums=[2])) as service:
        result = fetch(program, service, tmp_path / "out", "--keep-evidence", evidence)
    assert result.returncode == 1
    wrong = {line["imageFrameId"]: line for line in read_manifest(tmp_path / "out")}[frame_id(2)]
    assert wrong["status"] == "mismatch" and wrong["mismatchCause"] == "service" and wrong["attempts"] == 2
    [kept] = [path for path in evidence.rglob("*") if path.is_file()]
    assert kept.read_bytes() == frame_body(frame_id(2))


def test_evidence_does_not_lie_among_the_frames(program, tmp_path):
    with FakeService() as service:
        for inside in (tmp_path, tmp_path / "evidence"):
            result = fetch(program, service, tmp_path, "--keep-evidence", inside)
            assert result.returncode == 64 and "outside" in result.stderr
        assert service.requests == []


EXPIRED, FRESH = "AKIDEXPIRED0000000000", KEY


def write_keys(home, key):
    folder = home / ".aws"
    folder.mkdir(exist_ok=True)
    new = folder / "new"
    new.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {SECRET}\n")
    new.rename(folder / "credentials")


def test_keys_that_expire_in_mid_run_are_read_again(program, tmp_path):
    """Who renews short-lived keys writes them into the credentials file; nobody has to start the fetch again."""
    lock, refused = threading.Lock(), []

    def guard(headers):
        if f"Credential={EXPIRED}/" not in headers.get("Authorization", ""):
            return None
        with lock:
            served[0] += 1
            if served[0] <= 50:
                return None
            if not refused:
                write_keys(tmp_path, FRESH)
            refused.append(True)
        return refuse(403, "ExpiredTokenException", "The security token included in the request is expired")

    served = [0]
    write_keys(tmp_path, EXPIRED)
    with FakeService(frames=300, guard=guard) as service:
        result = program.run(
            "fetch", "--endpoint-url", service.url, "--region", "us-east-1", "--datastore", DATASTORE,
            "--image-set", IMAGE_SET, "--output", tmp_path / "out", "--connections", "8",
            env={"HOME": str(tmp_path)})
    assert result.returncode == 0, result.stderr
    assert 1 <= len(refused) < 50, "refused was what was in flight and what was signed before the new keys were read"
    assert {line["status"] for line in read_manifest(tmp_path / "out")} == {"verified"}
    assert SECRET not in result.stdout + result.stderr


def test_keys_that_nobody_renews_end_the_run_with_77(program, tmp_path):
    write_keys(tmp_path, EXPIRED)
    with FakeService(frames=300, frame=refuse(403, "ExpiredTokenException")) as service:
        result = program.run(
            "fetch", "--endpoint-url", service.url, "--region", "us-east-1", "--datastore", DATASTORE,
            "--image-set", IMAGE_SET, "--output", tmp_path / "out", env={"HOME": str(tmp_path)})
        asked = sum(1 for name, _ in service.requests if name == "frame")
    assert result.returncode == 77 and "expired" in error_lines(result)[0]
    assert asked < 300
