"""Ctrl-C: whole files only, the report written, exit status 130; and how it looks on a terminal."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import zlib

import pytest
from cli_support import output_files, read_manifest
from fake_service import DATASTORE, IMAGE_SET, Answer, FakeService, frame_body


def arguments(service, output):
    return [
        "fetch", "--endpoint-url", service.url, "--no-sign-request", "--datastore", DATASTORE,
        "--image-set", IMAGE_SET, "--output", output, "--connections", "4"]


def slowly(identifier):
    return Answer(200, frame_body(identifier), delay=0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_ends_in_order(program, tmp_path, number):
    with FakeService(frames=5000, frame=slowly) as service:
        process = program.start(
            *arguments(service, tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        service.wait_for("frame", 40)
        process.send_signal(number)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    lines = read_manifest(tmp_path)
    finished = {line["file"] for line in lines if line["file"]}
    assert 0 < len(finished) < 5000
    assert output_files(tmp_path) == finished
    for line in lines:
        assert line["status"] == "verified", "what was dropped is not told as a failure"
        assert f"{zlib.crc32((tmp_path / line['file']).read_bytes()):08x}" == line["crc32"]
    assert json.loads((tmp_path / "report.json").read_text())["conclusion"] == "interrupted"
    assert program.run("verify", tmp_path).returncode == 0


def test_one_signal_is_enough_when_the_service_hangs(program, tmp_path):
    with FakeService(frames=50, frame=Answer(200, b"", delay=3600)) as service:
        process = program.start(*arguments(service, tmp_path), stderr=subprocess.PIPE, text=True)
        service.wait_for("frame", 1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    assert process.returncode == 130
    assert output_files(tmp_path) == set()


def test_signals_during_planning_end_the_run(program, tmp_path):
    with FakeService(metadata=Answer(200, b"", delay=3600)) as service:
        process = program.start(*arguments(service, tmp_path), stderr=subprocess.PIPE, text=True)
        service.wait_for("metadata", 1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    assert process.returncode == 130


def test_a_hang_up_that_comes_twice_ends_in_order(program, tmp_path):
    with FakeService(frames=5000, frame=slowly) as service:
        process = program.start(*arguments(service, tmp_path), stderr=subprocess.PIPE, text=True)
        service.wait_for("frame", 40)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.01)  # Two that wait at once are one.
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=120)
    assert process.returncode == 130
    assert json.loads((tmp_path / "report.json").read_text())["conclusion"] == "interrupted"


def test_a_run_under_nohup_survives_the_hang_up(program, tmp_path):
    with FakeService(frames=300, frame=slowly) as service:
        process = subprocess.Popen(
            ["nohup", program.path, *map(str, arguments(service, tmp_path / "out"))], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        service.wait_for("frame", 40)
        process.send_signal(signal.SIGHUP)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert len(output_files(tmp_path / "out")) == 300


def test_two_signals_end_at_once(program, tmp_path):
    with FakeService(frames=5000, frame=slowly) as service:
        process = program.start(*arguments(service, tmp_path), stderr=subprocess.PIPE, text=True)
        service.wait_for("frame", 40)
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    assert process.returncode == 130
    whole = {name for name in output_files(tmp_path) if not name.rsplit("/", 1)[-1].startswith(".")}
    for name in whole:
        identifier = name.rsplit("/", 1)[-1].split(".")[0]
        assert (tmp_path / name).read_bytes() == frame_body(identifier)


def on_a_terminal(program, columns, env, *arguments):
    """Runs with standard error on a terminal of so many columns; returns what it drew and the exit status."""
    ours, theirs = pty.openpty()
    import fcntl
    import struct
    import termios

    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = program.start(
        *arguments, env={"TERM": "xterm", **env}, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    drawn = b""
    while True:
        ready, _, _ = select.select([ours], [], [], 120)
        assert ready, "nothing happened for two minutes"
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        drawn += piece
    os.close(ours)
    process.communicate()
    return drawn.decode(), process.returncode


@pytest.mark.parametrize("columns", [40, 80, 132])
def test_a_terminal_gets_a_bar_that_fits(program, tmp_path, columns):
    with FakeService(frames=120, frame=slowly) as service:
        drawn, status = on_a_terminal(program, columns, {"NO_COLOR": "1"}, *arguments(service, tmp_path))
    assert status == 0
    states = [state for state in re.split(r"\r\x1b\[K", drawn) if "frames" in state]
    assert states, drawn
    assert all(len(state.rstrip("\r\n")) < columns for state in states), states
    if columns >= 80:
        assert any(re.search(r"^\[#*-*\] \d+/120 frames \d+%", state) for state in states), states
    assert "\x1b[3" not in drawn, "NO_COLOR refuses colour"
    assert drawn.endswith("\r\x1b[K"), "the bar is gone at the end"


def test_colour_is_used_where_it_is_welcome(program, tmp_path):
    with FakeService(frames=120, frame=slowly) as service:
        drawn, status = on_a_terminal(program, 132, {}, *arguments(service, tmp_path))
    assert status == 0 and "\x1b[32m" in drawn


def test_a_log_gets_plain_lines(program, tmp_path):
    with FakeService(frames=120, frame=slowly) as service:
        result = program.run(*arguments(service, tmp_path))
    assert result.returncode == 0
    assert "\x1b" not in result.stderr and "\r" not in result.stderr
    assert "120 verified" in result.stdout
