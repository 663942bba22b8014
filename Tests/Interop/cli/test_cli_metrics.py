"""--metrics-file: Prometheus' text format, whole at any moment, and true."""

import json
import math
import os
import re
import subprocess

import pytest
from cli_support import error_lines
from fake_service import DATASTORE, IMAGE_SET, Answer, FakeService, frame_id, metadata, refuse
from prometheus_client.parser import text_string_to_metric_families

TYPES = {
    "hi_fetch_frames": "counter", "hi_fetch_frames_planned": "counter", "hi_fetch_frames_resumed": "counter",
    "hi_fetch_frame_encoded_bytes": "counter",
    "hi_fetch_frame_decoded_bytes": "counter", "hi_fetch_received_bytes": "counter", "hi_fetch_requests": "counter",
    "hi_fetch_retries": "counter", "hi_fetch_requests_in_flight": "gauge", "hi_fetch_frames_queued": "gauge",
    "hi_fetch_request_duration_seconds": "histogram", "hi_fetch_decode_duration_seconds": "histogram",
}
SAMPLE = re.compile(
    r'[a-z_]+(\{[a-z_]+="(\\\\|\\"|\\n|[^"\\\n])*"(,[a-z_]+="(\\\\|\\"|\\n|[^"\\\n])*")*\})? (-?[0-9.e+-]+|[+-]Inf|NaN)')


def parse(text):
    """The samples by name and labels. Stricter than Prometheus: every family with help and type, in one run, once."""
    assert text.endswith("\n")
    open_family, seen = None, []
    for line in text.splitlines():
        if line.startswith("# HELP "):
            open_family = line.split(" ")[2]
            assert open_family not in seen
            seen.append(open_family)
        elif line.startswith("# TYPE "):
            assert line.split(" ")[2] == open_family
        else:
            assert SAMPLE.fullmatch(line), line
            assert line.startswith(open_family)
    samples = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation.endswith(".")
        assert family.type == TYPES[family.name], family.name
        for sample in family.samples:
            key = (sample.name, *sorted(sample.labels.items()))
            assert key not in samples
            samples[key] = sample.value
        if family.type == "histogram":
            buckets = [(float(s.labels["le"]), s.value) for s in family.samples if s.name.endswith("_bucket")]
            assert [bound for bound, _ in buckets] == sorted({bound for bound, _ in buckets})
            assert [count for _, count in buckets] == sorted(count for _, count in buckets)
            assert buckets[-1] == (math.inf, samples[(family.name + "_count",)])
    assert {name.removesuffix("_total") for name in seen} == set(TYPES)
    return samples


def by_label(samples, name):
    return {key[1][1]: value for key, value in samples.items() if key[0] == name}


def assert_totals_are_the_reports(samples, report):
    counts = report["counts"]
    statuses = {name: counts[name] for name in ("verified", "unverifiable", "mismatch", "failed")}
    assert by_label(samples, "hi_fetch_frames_total") == statuses
    assert samples[("hi_fetch_frames_planned_total",)] == counts["framesPlanned"]
    assert samples[("hi_fetch_frames_resumed_total",)] == counts["resumed"]
    assert samples[("hi_fetch_frame_encoded_bytes_total",)] == counts["encodedBytes"]
    assert samples[("hi_fetch_frame_decoded_bytes_total",)] == counts["decodedBytes"]
    assert sum(by_label(samples, "hi_fetch_requests_total").values()) == counts["frameRequests"]
    assert samples[("hi_fetch_requests_in_flight",)] == samples[("hi_fetch_frames_queued",)] == 0


def test_the_file_parses_and_its_totals_are_the_reports(program, local, served, tmp_path):
    file, output = tmp_path / "metrics.prom", tmp_path / "frames"
    result = program.run(
        "fetch", "--endpoint-url", served.url, "--no-sign-request", "--datastore", local.datastore, "--all",
        "--output", output, "--metrics-file", file)
    assert result.returncode == 0, result.stderr
    samples = parse(file.read_text())
    report = json.loads((output / "report.json").read_text())
    assert_totals_are_the_reports(samples, report)
    assert by_label(samples, "hi_fetch_frames_total")["verified"] == local.frames
    assert by_label(samples, "hi_fetch_requests_total") == {
        "2xx": local.frames, "3xx": 0, "4xx": 0, "5xx": 0, "none": 0}
    assert samples[("hi_fetch_received_bytes_total",)] == report["counts"]["encodedBytes"]
    assert samples[("hi_fetch_decode_duration_seconds_count",)] == local.frames
    assert 0 < samples[("hi_fetch_decode_duration_seconds_sum",)]
    assert 0 < samples[("hi_fetch_request_duration_seconds_sum",)]
    assert sorted(os.listdir(tmp_path)) == ["frames", "metrics.prom"], "no temporary file is left"


def test_failures_retries_and_mismatches_are_counted(program, tmp_path):
    file, output = tmp_path / "metrics.prom", tmp_path / "frames"
    throttled, lost, asked = frame_id(1), frame_id(2), set()

    def answer(identifier):
        if identifier == lost:
            return refuse(404, "ResourceNotFoundException")
        if identifier == throttled and identifier not in asked:
            asked.add(identifier)
            return refuse(429, "ThrottlingException")
        return None

    with FakeService(document=metadata(9, wrong_checksums=[3]), frame=answer) as service:
        result = program.run(
            "fetch", "--endpoint-url", service.url, "--no-sign-request", "--datastore", DATASTORE, "--image-set",
            IMAGE_SET, "--output", output, "--metrics-file", file)
    assert result.returncode == 1, result.stderr
    samples = parse(file.read_text())
    assert_totals_are_the_reports(samples, json.loads((output / "report.json").read_text()))
    assert by_label(samples, "hi_fetch_frames_total") == {"verified": 7, "unverifiable": 0, "mismatch": 1, "failed": 1}
    assert by_label(samples, "hi_fetch_requests_total") == {"2xx": 9, "3xx": 0, "4xx": 2, "5xx": 0, "none": 0}
    assert by_label(samples, "hi_fetch_retries_total") == {
        "throttling": 1, "server": 0, "timeout": 0, "transport": 0, "decode": 0, "checksum": 1, "content": 0,
        "other": 0}


def test_the_file_is_there_from_the_start_and_after_an_interruption(program, tmp_path):
    file = tmp_path / "metrics.prom"
    # One frame is answered; then nothing moves until the run is interrupted.
    first = frame_id(0)
    with FakeService(frames=50, frame=lambda identifier: None if identifier == first else Answer(delay=600)) as service:
        process = program.start(
            "fetch", "--endpoint-url", service.url, "--no-sign-request", "--datastore", DATASTORE, "--image-set",
            IMAGE_SET, "--output", tmp_path / "frames", "--metrics-file", file,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        service.wait_for("frame", 2)
        parse(file.read_text())
        process.terminate()
        assert process.wait(timeout=60) == 130, process.stderr.read()
    samples = parse(file.read_text())
    assert by_label(samples, "hi_fetch_frames_total")["failed"] == 0
    assert samples[("hi_fetch_requests_in_flight",)] == 0
    assert samples[("hi_fetch_frames_planned_total",)] == 50


@pytest.mark.parametrize("place, status, word", [
    ("missing/metrics.prom", 74, "metrics.prom"),
    ("frames/metrics.prom", 64, "--output"),
])
def test_a_place_that_cannot_be_used_is_refused_before_anything_is_fetched(program, tmp_path, place, status, word):
    with FakeService(frames=3) as service:
        result = program.run(
            "fetch", "--endpoint-url", service.url, "--no-sign-request", "--datastore", DATASTORE, "--image-set",
            IMAGE_SET, "--output", tmp_path / "frames", "--metrics-file", tmp_path / place)
        assert service.requests == []
    assert result.returncode == status
    lines = error_lines(result)
    assert len(lines) == 1 and word in lines[0]


def fetch_with_metrics(program, service, output, file):
    return program.run(
        "fetch", "--endpoint-url", service.url, "--no-sign-request", "--datastore", DATASTORE, "--image-set",
        IMAGE_SET, "--output", output, "--metrics-file", file)


def test_nothing_but_a_file_is_replaced_by_the_file(program, tmp_path):
    """Renaming puts a file in the place of anything: /dev/null, for somebody who may write there."""
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    with FakeService(frames=3) as service:
        for place in (pipe, link, tmp_path):
            result = fetch_with_metrics(program, service, tmp_path / "frames", place)
            assert result.returncode == 74 and "regular file" in error_lines(result)[0]
        assert fetch_with_metrics(program, service, tmp_path / "frames", "").returncode == 64
        assert service.requests == []
    assert pipe.is_fifo() and link.is_symlink() and tmp_path.is_dir()


def test_behind_a_link_the_file_is_replaced_and_not_the_link(program, tmp_path):
    file, link = tmp_path / "metrics.prom", tmp_path / "link"
    file.write_text("old")
    link.symlink_to(file)
    with FakeService(frames=3) as service:
        assert fetch_with_metrics(program, service, tmp_path / "frames", link).returncode == 0
    assert link.is_symlink()
    assert by_label(parse(file.read_text()), "hi_fetch_frames_total")["verified"] == 3


def test_frames_of_an_earlier_run_are_told_as_resumed(program, local, served, tmp_path):
    arguments = [
        "fetch", "--endpoint-url", served.url, "--no-sign-request", "--datastore", local.datastore, "--image-set",
        local["CT"].image_set, "--output", tmp_path / "frames", "--metrics-file", tmp_path / "metrics.prom"]
    for resumed in (0, local["CT"].frames):
        result = program.run(*arguments)
        assert result.returncode == 0, result.stderr
        samples = parse((tmp_path / "metrics.prom").read_text())
        assert_totals_are_the_reports(samples, json.loads((tmp_path / "frames" / "report.json").read_text()))
        assert samples[("hi_fetch_frames_resumed_total",)] == resumed
