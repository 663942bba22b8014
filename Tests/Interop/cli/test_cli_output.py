"""Standard output that cannot be written is an error, and one whose reader goes away ends the run in order."""

import json
import os
import signal
import subprocess
import threading

import pytest
from cli_support import error_lines, output_files, read_manifest
from fake_service import DATASTORE, IMAGE_SET, Answer, FakeService, frame_body

SELECTION = ["--datastore", DATASTORE, "--image-set", IMAGE_SET]


def to_full_device(program, *arguments):
    with open("/dev/full", "wb") as full:
        return subprocess.run(
            [program.path, *map(str, arguments)], env=program.environment(), stdin=subprocess.DEVNULL,
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)


@pytest.mark.parametrize("json_option", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize("verb", ["plan", "hello", "fetch", "verify", "--help", "--version"])
def test_a_full_standard_output_is_74(program, tmp_path, verb, json_option):
    with FakeService() as service:
        connection = ["--endpoint-url", service.url, "--no-sign-request"]
        fetch = ["fetch", *connection, *SELECTION, "--output", tmp_path]
        if verb == "verify":
            assert program.run(*fetch).returncode == 0
        arguments = {
            "plan": ["plan", *connection, *SELECTION], "hello": ["hello", *connection], "fetch": fetch,
            "verify": ["verify", tmp_path]}.get(verb)
        result = to_full_device(program, *[*arguments, *json_option] if arguments else [verb])
    assert result.returncode == 74, result.stderr
    assert len(error_lines(result)) == 1
    assert "standard output" in error_lines(result)[0] and "No space left" in error_lines(result)[0]
    if verb == "fetch":
        assert json.loads((tmp_path / "report.json").read_text())["conclusion"] == "complete"


def test_a_worse_status_is_kept_when_standard_output_is_full(program, tmp_path):
    result = to_full_device(program, "verify", tmp_path / "nowhere", "--json")
    assert result.returncode == 65


def test_a_pipe_that_does_not_block_gets_everything(program):
    with FakeService(frames=3000) as service:
        arguments = ["plan", "--json", "--endpoint-url", service.url, "--no-sign-request", *SELECTION]
        expected = program.run(*arguments).stdout
        ours, theirs = os.pipe()
        os.set_blocking(theirs, False)
        process = program.start(*arguments, stdout=theirs, stderr=subprocess.PIPE)
        os.close(theirs)
        errors = []
        reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
        reader.start()
        service.wait_for("metadata", 2)
        received = b""
        while piece := os.read(ours, 4096):
            received += piece
        os.close(ours)
        reader.join()
    assert process.wait(timeout=60) == 0, errors
    assert len(expected) > 1 << 17 and received.decode() == expected


def test_fetch_into_a_closed_pipe_ends_in_order(program, tmp_path):
    slowly = lambda identifier: Answer(200, frame_body(identifier), delay=0.02)
    with FakeService(frames=5000, frame=slowly) as service:
        process = program.start(
            "fetch", "--json", "--endpoint-url", service.url, "--no-sign-request", *SELECTION, "--output", tmp_path,
            "--connections", "4", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert json.loads(process.stdout.readline())["status"] == "verified"
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(timeout=120) == -signal.SIGPIPE, errors
    assert b"error" not in errors
    assert json.loads((tmp_path / "report.json").read_text())["conclusion"] == "interrupted"
    finished = {line["file"] for line in read_manifest(tmp_path)}
    assert 0 < len(finished) < 5000 and output_files(tmp_path) == finished
