"""Whatever goes wrong: one clear line, the right exit status, no secret, and no partial file."""

import gzip
import json
import signal
import socket
import subprocess

import pytest
from built_program import KEY, SECRET
from cli_support import LocalStore, error_lines, output_files, parse_lines, read_manifest
from fake_service import DATASTORE, HTML, IMAGE_SET, Answer, FakeService, frame_body, frame_id, metadata, refuse

UNKNOWN = "0123456789abcdef" * 2
SIGNED = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": "tokenThatMustNotShow"}


def assert_one_clear_line(result, status, *words):
    assert result.returncode == status, (result.returncode, result.stdout, result.stderr)
    errors = error_lines(result)
    assert len(errors) == 1, result.stderr
    line = errors[0]
    for word in words:
        assert word.lower() in line.lower(), line
    assert len(line) < 600, line
    for secret in (SECRET, SIGNED["AWS_SESSION_TOKEN"]):
        assert secret not in result.stderr and secret not in result.stdout
    for noise in ("Fatal error", "Optional(", "Swift.", "error: Error"):
        assert noise not in result.stderr, result.stderr


def fetch(program, service, output, *arguments, selection=None, env=None):
    selection = selection or ["--datastore", DATASTORE, "--image-set", IMAGE_SET]
    signing = [] if env else ["--no-sign-request"]
    return program.run(
        "fetch", "--endpoint-url", service.url, *signing, "--output", output, *selection, *arguments, env=env)


USAGE = {
    "no verb that exists": (["fetchh"], []),
    "nothing selected": (["fetch", "--output", "x"], ["--image-set"]),
    "no data store": (["fetch", "--output", "x", "--image-set", UNKNOWN], ["--datastore"]),
    "no output": (["fetch", "--datastore", UNKNOWN, "--all"], ["--output"]),
    "an id that is none": (["fetch", "--output", "x", "--datastore", "../../etc", "--all"], ["--datastore"]),
    "an image set that is none": (
        ["fetch", "--output", "x", "--datastore", UNKNOWN, "--image-set", "a/b"], ["--image-set"]),
    "a UID that is none": (["fetch", "--output", "x", "--datastore", UNKNOWN, "--study", "1.x"], ["--study"]),
    "a region that is none": (
        ["fetch", "--output", "x", "--datastore", UNKNOWN, "--all", "--region", "us east/1"], ["--region"]),
    "a region in capitals": (["hello", "--region", "US_EAST_1"], ["US_EAST_1", "us-east-1"]),
    "an endpoint that is none": (["hello", "--endpoint-url", "localhost:80"], ["--endpoint-url"]),
    "a format that is none": (
        ["fetch", "--output", "x", "--datastore", UNKNOWN, "--all", "--format", "bmp"], ["--format"]),
    "too many streams": (
        ["fetch", "--output", "x", "--datastore", UNKNOWN, "--all", "--streams", "20"], ["--streams"]),
    "a memory limit that is none": (
        ["fetch", "--output", "x", "--datastore", UNKNOWN, "--all", "--memory-limit", "lots"], ["--memory-limit"]),
    "a size that is none": (["local", "synth", "--store", "x", "--frames", "1", "--size", "big"], ["--size"]),
    "verify without a folder": (["verify"], ["<dir>"]),
}


@pytest.mark.parametrize("arguments, words", USAGE.values(), ids=USAGE.keys())
def test_a_wrong_command_line_is_64(program, tmp_path, arguments, words):
    result = program.run(*arguments, cwd=tmp_path)
    assert_one_clear_line(result, 64, "--help", *words)
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_credentials_that_are_none_are_refused_without_repeating_them(program, tmp_path):
    result = program.run("local", "serve", "--store", tmp_path / "store", "--credentials", SECRET)
    assert_one_clear_line(result, 64, "KEY:SECRET")


def test_an_unknown_data_store_is_65(program, served, tmp_path):
    result = fetch(program, served, tmp_path, selection=["--datastore", UNKNOWN, "--all"])
    assert_one_clear_line(result, 65)


def test_an_unknown_image_set_is_65(program, local, served, tmp_path):
    result = fetch(program, served, tmp_path, selection=["--datastore", local.datastore, "--image-set", UNKNOWN])
    assert_one_clear_line(result, 65, UNKNOWN)


def test_an_unknown_image_set_beside_a_known_one_leaves_the_known_one_whole(program, local, served, tmp_path):
    result = fetch(
        program, served, tmp_path,
        selection=["--datastore", local.datastore, "--image-set", UNKNOWN, local["MR"].image_set])
    assert_one_clear_line(result, 1, UNKNOWN)
    assert len(read_manifest(tmp_path)) == local["MR"].frames
    assert program.run("verify", tmp_path).returncode == 0


WHOLE = json.dumps(metadata(4)).encode()
DOCUMENTS = {
    "missing": None,
    "empty": b"",
    "text": b"hello\n",
    "HTML": HTML.body,
    "cut JSON": WHOLE[: len(WHOLE) // 2],
    "cut gzip": gzip.compress(WHOLE)[:-40],
    "damaged gzip": gzip.compress(WHOLE)[:60] + b"\x00" * 50,
    "another document": b'{"datastoreSummaries":[]}',
    "a list": b"[1,2,3]",
    "an id that leads out": json.dumps(
        metadata(2, identifiers=["../../../../../../tmp/x".ljust(32, "x"), frame_id(1)])).encode(),
    "an image set id that leads out": json.dumps(metadata(1, image_set="../" * 10 + "xx")).encode(),
}


@pytest.mark.parametrize("content", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_an_unreadable_metadata_file_is_65(program, tmp_path, content):
    document = tmp_path / "input" / "metadata.json"
    document.parent.mkdir()
    if content is not None:
        document.write_bytes(content)
    with FakeService() as service:
        result = fetch(program, service, tmp_path / "out", selection=["--input", document])
        assert_one_clear_line(result, 65, "metadata.json")
        assert ("frame" not in [name for name, _ in service.requests])
    assert output_files(tmp_path / "out") == set()
    assert {path.name for path in tmp_path.iterdir()} <= {"input", "out"}


@pytest.mark.parametrize("content", [HTML.body, DOCUMENTS["cut gzip"], DOCUMENTS["an id that leads out"]])
def test_metadata_from_the_service_is_trusted_no_more_than_a_file(program, tmp_path, content):
    with FakeService(metadata=Answer(200, content, {"Content-Type": "application/json"})) as service:
        result = fetch(program, service, tmp_path)
        assert_one_clear_line(result, 65, IMAGE_SET)
    assert output_files(tmp_path) == set()


@pytest.mark.parametrize("operation, arguments", [("datastores", ["hello"]), ("search", None)])
def test_html_instead_of_json_is_69(program, tmp_path, operation, arguments):
    with FakeService(**{operation: HTML}) as service:
        if arguments:
            result = program.run(*arguments, "--endpoint-url", service.url, "--no-sign-request")
        else:
            result = fetch(program, service, tmp_path, selection=["--datastore", DATASTORE, "--all"])
        assert_one_clear_line(result, 69)


REFUSALS = {
    "access denied": (refuse(403, "AccessDeniedException", "not authorized to perform this"), 77),
    "expired token": (refuse(403, "ExpiredTokenException", "The security token is expired"), 77),
    "invalid signature": (refuse(403, "InvalidSignatureException", "The signature does not match"), 77),
    "no credentials": (refuse(403, "MissingAuthenticationTokenException", "Missing token"), 77),
    "401": (refuse(401, "UnauthorizedException"), 77),
    "throttled": (refuse(429, "ThrottlingException", "slow down"), 69),
    "server fault": (refuse(500, "InternalServerException"), 69),
    "gateway": (Answer(503, b"<html>busy</html>", {"Content-Type": "text/html"}), 69),
}


@pytest.mark.parametrize("answer, status", REFUSALS.values(), ids=REFUSALS.keys())
@pytest.mark.parametrize("operation", ["datastores", "metadata", "search"])
def test_a_refusal_before_any_frame_ends_the_run(program, tmp_path, operation, answer, status):
    with FakeService(**{operation: answer}) as service:
        if operation == "datastores":
            result = program.run("hello", "--endpoint-url", service.url, "--region", "us-east-1", env=SIGNED)
        else:
            selection = ["--datastore", DATASTORE, "--all"] if operation == "search" else None
            result = fetch(
                program, service, tmp_path, "--region", "us-east-1", "--retries", "1", selection=selection, env=SIGNED)
        assert_one_clear_line(result, status)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException"])
def test_refused_frames_end_the_run_with_77_and_are_resumable(program, tmp_path, code):
    with FakeService(frames=400, frame=refuse(403, code)) as service:
        result = fetch(program, service, tmp_path, "--region", "us-east-1", env=SIGNED)
        assert_one_clear_line(result, 77)
        asked = [name for name, _ in service.requests].count("frame")
        assert asked < 400, "credentials that were refused are not tried for every frame"
    assert output_files(tmp_path) == set()
    assert json.loads((tmp_path / "report.json").read_text())["conclusion"] == "stopped"


def test_frames_without_permission_cost_only_themselves(program, tmp_path):
    denied = {frame_id(number) for number in (0, 1, 7, 20, 59)}
    answer = refuse(403, "AccessDeniedException", "not authorized to perform this")
    with FakeService(frames=60, frame=lambda identifier: answer if identifier in denied else None) as service:
        result = fetch(program, service, tmp_path, "--region", "us-east-1", env=SIGNED)
        assert_one_clear_line(result, 1, "AccessDeniedException 5")
        again = fetch(program, service, tmp_path, "--region", "us-east-1", env=SIGNED)
        assert again.returncode == 1
    lines = {line["imageFrameId"]: line for line in read_manifest(tmp_path)}
    assert {name for name, line in lines.items() if line["status"] == "failed"} == denied
    assert sum(line["status"] == "verified" for line in lines.values()) == 55


def test_a_frame_that_is_not_there_is_1_and_the_others_are_whole(program, tmp_path):
    lost = frame_id(2)
    missing = refuse(404, "ResourceNotFoundException", "no such frame")
    with FakeService(frames=9, frame=lambda identifier: missing if identifier == lost else None) as service:
        result = fetch(program, service, tmp_path)
        assert_one_clear_line(result, 1)
    by_status = {line["imageFrameId"]: line for line in read_manifest(tmp_path)}
    assert len(by_status) == 9
    failed = by_status.pop(lost)
    assert failed["status"] == "failed" and failed["file"] is None
    assert failed["error"]["stage"] == "request" and failed["error"]["message"]
    assert all(line["status"] == "verified" for line in by_status.values())
    assert output_files(tmp_path) == {line["file"] for line in by_status.values()}


def test_a_wrong_checksum_is_1_and_never_on_disk(program, tmp_path):
    with FakeService(document=metadata(6, wrong_checksums=[3])) as service:
        result = fetch(program, service, tmp_path)
        assert_one_clear_line(result, 1)
    lines = {line["imageFrameId"]: line for line in read_manifest(tmp_path)}
    wrong = lines[frame_id(3)]
    assert wrong["status"] == "mismatch" and wrong["file"] is None
    assert wrong["crc32"] != wrong["crc32Expected"]
    assert not any(frame_id(3) in name for name in output_files(tmp_path))


def test_a_body_that_ends_early_is_fetched_again(program, tmp_path):
    seen = set()

    def first_time_cut(identifier):
        if identifier in seen:
            return None
        seen.add(identifier)
        return Answer(200, frame_body(identifier), cut_to=100)

    with FakeService(frames=5, frame=first_time_cut) as service:
        result = fetch(program, service, tmp_path)
        assert result.returncode == 0, result.stderr
    assert all(line["attempts"] == 2 and line["status"] == "verified" for line in read_manifest(tmp_path))


def test_frames_that_always_end_early_are_1_after_the_retries(program, tmp_path):
    always_cut = lambda identifier: Answer(200, frame_body(identifier), cut_to=100)
    with FakeService(frames=3, frame=always_cut) as service:
        result = fetch(program, service, tmp_path, "--retries", "2")
        assert result.returncode in (1, 69), result.stderr
        assert len(error_lines(result)) == 1
    assert all(line["status"] == "failed" for line in read_manifest(tmp_path))
    assert output_files(tmp_path) == set()


def test_throttled_frames_are_fetched_again(program, tmp_path):
    seen = set()

    def first_time_refused(identifier):
        if identifier in seen:
            return None
        seen.add(identifier)
        return refuse(429, "ThrottlingException")

    with FakeService(frames=5, frame=first_time_refused) as service:
        result = fetch(program, service, tmp_path)
        assert result.returncode == 0, result.stderr


def test_frames_without_a_checksum_are_written_only_when_allowed(program, tmp_path):
    document = metadata(3)
    for frame in document["Study"]["Series"]["1.2.3"]["Instances"]["1.2.3.4"]["ImageFrames"]:
        del frame["PixelDataChecksumFromBaseToFullResolution"]
    with FakeService(document=document) as service:
        refused = fetch(program, service, tmp_path / "a")
        assert refused.returncode == 1, refused.stderr
        assert {line["status"] for line in read_manifest(tmp_path / "a")} == {"unverifiable"}
        assert output_files(tmp_path / "a") == set()
        allowed = fetch(program, service, tmp_path / "b", "--allow-unverifiable")
        assert allowed.returncode == 0, allowed.stderr
        assert {line["status"] for line in read_manifest(tmp_path / "b")} == {"unverifiable"}
        assert len(output_files(tmp_path / "b")) == 3


def test_an_output_that_is_a_file_is_74(program, tmp_path):
    (tmp_path / "taken").write_text("I was here first")
    with FakeService() as service:
        result = fetch(program, service, tmp_path / "taken")
        assert_one_clear_line(result, 74, "taken")
    assert (tmp_path / "taken").read_text() == "I was here first"


@pytest.mark.parametrize("what", ["folder", "manifest"])
def test_a_manifest_that_is_moved_away_in_mid_run_ends_with_74_and_not_with_success(program, tmp_path, what):
    output = tmp_path / "out"

    def move(identifier):
        if identifier == frame_id(3):
            moved = output if what == "folder" else output / "manifest.jsonl"
            moved.rename(tmp_path / "elsewhere")

    with FakeService(frames=4, frame=move) as service:
        result = program.run(
            "fetch", "--endpoint-url", service.url, "--no-sign-request", "--datastore", DATASTORE, "--image-set",
            IMAGE_SET, "--output", output, "--connections", "1")
    assert result.returncode == 74, result.stderr
    assert "manifest.jsonl was moved" in error_lines(result)[0]


def test_an_output_that_cannot_be_made_is_74(program):
    with FakeService() as service:
        result = fetch(program, service, "/proc/hi-fetch-output")
        assert_one_clear_line(result, 74, "/proc/hi-fetch-output")


def test_a_second_run_into_the_same_folder_at_the_same_time_is_74(program, tmp_path):
    slow = Answer(200, b"", delay=600)
    with FakeService(frame=slow) as service:
        first = program.start(
            "fetch", "--endpoint-url", service.url, "--no-sign-request", "--output", tmp_path,
            "--datastore", DATASTORE, "--image-set", IMAGE_SET)
        try:
            service.wait_for("frame", 1)
            assert_one_clear_line(fetch(program, service, tmp_path), 74, "in use")
        finally:
            first.kill()
            first.wait()


def test_a_port_in_use_is_74(program, local):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = program.run("local", "serve", "--store", local.path, "--port", port, timeout=60)
        assert_one_clear_line(result, 74, str(port))


def test_nobody_listening_is_69(program, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        class Nobody:
            pass

        Nobody.url = url
        result = fetch(program, Nobody, tmp_path, "--retries", "1")
        assert_one_clear_line(result, 69)


def test_a_certificate_that_is_not_trusted_is_69(program, local, tmp_path):
    with LocalStore(program, local.path, "--tls") as server:
        result = program.run("hello", "--endpoint-url", server.url, "--no-sign-request")
        assert_one_clear_line(result, 69, "certificate", "--ca-bundle")


def test_a_ca_bundle_that_is_not_there_is_65(program, tmp_path):
    result = program.run(
        "hello", "--endpoint-url", "https://127.0.0.1:1", "--no-sign-request", "--ca-bundle", tmp_path / "none.pem")
    assert_one_clear_line(result, 65, "none.pem")


def test_no_credentials_at_all_is_77(program):
    with FakeService() as service:
        result = program.run("hello", "--endpoint-url", service.url, "--region", "us-east-1")
        assert_one_clear_line(result, 77)
        assert service.requests == []


def test_a_profile_that_does_not_exist_is_77(program):
    with FakeService() as service:
        result = program.run(
            "hello", "--endpoint-url", service.url, "--region", "us-east-1", "--profile", "nobody")
        assert_one_clear_line(result, 77, "nobody")


def test_no_region_and_no_endpoint_is_64(program):
    result = program.run("hello", env=SIGNED)
    assert_one_clear_line(result, 64, "region")


@pytest.mark.parametrize("arguments", [["verify"], ["decode", "--output", "out"]])
def test_a_folder_that_is_not_there_is_65(program, tmp_path, arguments):
    result = program.run(*arguments, tmp_path / "nowhere", cwd=tmp_path)
    assert_one_clear_line(result, 65, "nowhere")


def test_nothing_to_import_is_65(program, tmp_path):
    (tmp_path / "empty").mkdir()
    for source, word in [("empty", "empty"), ("nowhere", "nowhere")]:
        result = program.run("local", "import", tmp_path / source, "--store", tmp_path / "store")
        assert_one_clear_line(result, 65, word)


def test_a_study_that_is_not_there_is_65(program, local, served, tmp_path):
    result = fetch(program, served, tmp_path, selection=["--datastore", local.datastore, "--study", "1.2.3"])
    assert_one_clear_line(result, 65, "1.2.3")
    assert result.stdout == ""


def test_a_reader_that_goes_away_ends_the_program_quietly(program, local, served):
    process = program.start(
        "plan", "--json", "--endpoint-url", served.url, "--no-sign-request", "--datastore", local.datastore, "--all",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(timeout=60) == -signal.SIGPIPE
    assert errors == b""


def test_errors_keep_standard_output_pure_json(program, tmp_path):
    with FakeService(document=metadata(4, wrong_checksums=[0])) as service:
        result = fetch(program, service, tmp_path, "--json")
        assert result.returncode == 1
        lines = parse_lines(result.stdout)
        assert lines[-1]["event"] == "summary" and lines[-1]["exitStatus"] == 1
        assert [line["status"] for line in lines[:-1]].count("mismatch") == 1


def test_a_full_disk_is_74_and_leaves_whole_files_only(program, tmp_path):
    # A file system of 256 KiB in a mount namespace of its own, for which the kernel must let us.
    script = 'mount -t tmpfs -o size=256k none "$1" && shift && exec "$@"; exit 99'
    space = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh", str(tmp_path)]
    possible = subprocess.run([*space, "true"], capture_output=True)
    if possible.returncode != 0:
        pytest.skip(f"NO SMALL FILE SYSTEM can be mounted here: {possible.stderr.decode().strip()}")
    with FakeService(frames=2000) as service:
        # ls runs in the same namespace, because the file system goes away with it.
        command = (
            '"$0" "$@"; status=$?; find "$OUT" -type f -name "*.raw" -not -name ".*" -size -256c; '
            'test -e "$OUT"/manifest.jsonl && exit $status; exit 98')
        result = subprocess.run(
            [*space, "sh", "-c", command, program.path, "fetch", "--endpoint-url", service.url, "--no-sign-request",
             "--output", str(tmp_path / "out"), "--datastore", DATASTORE, "--image-set", IMAGE_SET],
            env=program.environment({"OUT": str(tmp_path / "out")}), capture_output=True, text=True, timeout=120)
        assert_one_clear_line(result, 74, "no space")
        assert ".raw" not in result.stdout, "a file that is shorter than its frame"
