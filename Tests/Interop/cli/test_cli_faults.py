"""A promise for each fault that networks and services have; `local serve --faults` makes them happen.

Each test asserts that its fault did happen, by the server's log, and that every byte on disk is right.
"""

import json
import urllib.error
import urllib.request

import pytest
from cli_support import error_lines, read_manifest
from fault_support import FaultyStore, SmallStudy, assert_healed, assert_nothing_wrong_on_disk, frame_of, read_report

FRAMES = 60


@pytest.fixture(scope="module")
def study(program, tmp_path_factory):
    return SmallStudy(program, tmp_path_factory.mktemp("faults"), FRAMES)


# What heals: a fault, how the report names the retries, and the promise.
HEALING = [
    ("429=0.3", "429", {"request/ThrottlingException"}, "throttled frames are asked for again"),
    ("429=0.3:1s,repeat=1", "429", {"request/ThrottlingException"}, "throttled frames with Retry-After are asked for again"),
    ("500=0.3", "500", {"request/InternalServerException"}, "an internal error of the service is tried again"),
    ("503=0.3", "503", {"request/ServiceUnavailableException"}, "an unavailable service is tried again"),
    ("truncate=0.3", "truncate", {"transport/curl-18"}, "a body that ends too early is never taken for whole"),
    ("short=0.3,repeat=1", "short", {"decode/truncated", "decode/not-a-codestream", "decode/damaged", "verify/checksum-mismatch"},
     "a body that HTTP believes to be whole is found out by its content"),
    ("reset=0.3", "reset", {"transport/curl-56"}, "a reset connection costs an attempt and no frame"),
    ("wrong=0.3,repeat=1", "wrong", {"verify/checksum-mismatch"}, "another frame's pixels are never written under this frame's name"),
    ("html=0.3", "html", {"request/not-a-frame"}, "a page of HTML is never written as a frame"),
]


@pytest.mark.parametrize("spec, fault, classes, promise", HEALING, ids=[row[3] for row in HEALING])
def test_what_heals(program, study, tmp_path, spec, fault, classes, promise):
    # What happens to connections is tried over TLS, where there is one more layer that could hide it.
    tls = ["--tls"] if fault in ("truncate", "reset", "short") else []
    with FaultyStore(program, study, f"seed=5,{spec}", tmp_path, *tls) as server:
        result = server.fetch(program, tmp_path / "out")
        hits = server.hits(fault)
        assert server.counts()["faults"] == {fault: sum(hits.values())}
    manifest, report = assert_healed(study, result, tmp_path / "out")
    assert hits, "the fault did not happen"
    # Each fault cost its frame exactly one more attempt, and is counted under the right class.
    assert {frame: line["attempts"] - 1 for frame, line in manifest.items() if line["attempts"] > 1} == hits
    retries = report["counts"]["retriesByError"]
    assert set(retries) <= classes and sum(retries.values()) == sum(hits.values())
    assert report["counts"]["framesByError"] == {}


def test_a_flipped_bit_is_found_wherever_it_matters(program, study, tmp_path):
    with FaultyStore(program, study, "seed=5,flip=0.5,repeat=1", tmp_path) as server:
        result = server.fetch(program, tmp_path / "out")
        hits = server.hits("flip")
    manifest, report = assert_healed(study, result, tmp_path / "out")
    retries = report["counts"]["retriesByError"]
    # A bit of a box that no decoder reads changes no pixel: the pixels are proved all the same, without an attempt more.
    for frame, line in manifest.items():
        assert line["attempts"] - 1 <= hits.get(frame, 0)
    assert sum(retries.values()) >= 0.5 * sum(hits.values()) > 0
    assert all(key.split("/")[0] in ("decode", "verify") for key in retries), retries


def test_retry_after_is_waited_for(program, study, tmp_path):
    with FaultyStore(program, study, "seed=1,429=0.3:2s,repeat=1", tmp_path) as server:
        result = server.fetch(program, tmp_path / "out", "--json")
        assert server.hits("429")
    assert_healed(study, result, tmp_path / "out")
    summary = json.loads(result.stdout.splitlines()[-1])
    assert summary["seconds"] >= 2, "it came back sooner than it was asked to"


def test_a_stalled_body_is_given_up_and_asked_for_again(program, study, tmp_path):
    with FaultyStore(program, study, "seed=2,stall=0.25,repeat=1", tmp_path, "--tls") as server:
        result = server.fetch(program, tmp_path / "out", "--idle-timeout", "1")
        hits = server.hits("stall")
    manifest, report = assert_healed(study, result, tmp_path / "out")
    assert hits
    assert {frame: line["attempts"] - 1 for frame, line in manifest.items() if line["attempts"] > 1} == hits
    assert set(report["counts"]["retriesByError"]) <= {"transport/curl-28", "transport/stalled"}


def test_a_slow_body_is_waited_for_as_long_as_it_moves(program, study, tmp_path):
    # About 6 KB a frame: two seconds each, and silence never as long as the limit.
    with FaultyStore(program, study, "seed=2,drip=0.25:3KB/s", tmp_path) as server:
        result = server.fetch(program, tmp_path / "out", "--idle-timeout", "1")
        hits = server.hits("drip")
    manifest, report = assert_healed(study, result, tmp_path / "out")
    assert hits and set(hits.values()) == {1}
    assert report["counts"]["retriesByError"] == {}
    assert {line["attempts"] for line in manifest.values()} == {1}


@pytest.mark.parametrize("fault", ["close", "goaway"])
def test_a_connection_closed_without_an_answer_loses_no_frame(program, study, tmp_path, fault):
    with FaultyStore(program, study, f"seed=2,{fault}=0.25", tmp_path) as server:
        result = server.fetch(program, tmp_path / "out")
        hits = server.hits(fault)
    manifest, report = assert_healed(study, result, tmp_path / "out")
    assert hits
    # A kept-alive connection may close at any time: libcurl itself asks again, once more on a fresh one.
    assert all(line["attempts"] - 1 <= hits.get(frame, 0) for frame, line in manifest.items())
    assert set(report["counts"]["retriesByError"]) <= {"transport/curl-52", "transport/curl-56"}


# HTTP/2 on one connection: with several, libcurl before 8.4 loses transfers of its own (docs/numbers.md).
HTTP2 = ["--http-version", "2", "--connections", "1"]


@pytest.mark.parametrize("fault", ["goaway", "close", "reset", "truncate"])
def test_streams_that_end_with_their_connection_are_asked_for_again(program, study, tmp_path, fault):
    with FaultyStore(program, study, f"seed=4,{fault}=0.2,repeat=1", tmp_path, "--tls") as server:
        # With the connection go up to nine requests more, which had no part in it.
        result = server.fetch(program, tmp_path / "out", *HTTP2, "--idle-timeout", "3", "--retries", "20")
        hits = server.hits(fault)
    _, report = assert_healed(study, result, tmp_path / "out")
    assert hits
    assert report["transport"].startswith("http2")
    assert all(key.split("/")[0] == "transport" for key in report["counts"]["retriesByError"])


def test_a_request_that_names_no_frame_meets_no_fault(program, study, tmp_path):
    with FaultyStore(program, study, "500=1,repeat=always", tmp_path) as server:
        for body in [b"", b'{"imageFrameId": "']:
            request = urllib.request.Request(
                f"{server.url}/datastore/{study.datastore}/imageSet/{study.image_set}/getImageFrame", data=body)
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request)
            assert refused.value.code == 400
        assert server.injected == []


def test_the_default_number_of_streams_never_makes_the_service_drop_a_connection(program, study, tmp_path):
    with FaultyStore(program, study, "seed=4,streams=19,latency=20ms", tmp_path, "--tls") as server:
        default = server.fetch(program, tmp_path / "a", "--http-version", "2", "--idle-timeout", "3")
        most = server.fetch(program, tmp_path / "b", *HTTP2, "--streams", "19", "--idle-timeout", "3")
        assert server.counts()["faults"] == {}
    assert_healed(study, default, tmp_path / "a")
    assert_healed(study, most, tmp_path / "b")


def test_connections_dropped_above_a_number_of_streams_lose_no_frame(program, study, tmp_path):
    # Ten streams against a limit of nine: now and then all ten are open, and all of them are lost at once.
    with FaultyStore(program, study, "seed=4,streams=9,latency=lognormal(5ms,1)", tmp_path, "--tls") as server:
        result = server.fetch(
            program, tmp_path / "out", *HTTP2, "--streams", "10", "--idle-timeout", "3", "--retries", "20")
        assert server.counts()["faults"].get("streams", 0) >= 1
    _, report = assert_healed(study, result, tmp_path / "out")
    assert report["transport"].startswith("http2")


def test_connections_dropped_above_a_number_of_requests_lose_no_frame(program, study, tmp_path):
    with FaultyStore(program, study, "seed=4,requests=6,latency=lognormal(10ms,1)", tmp_path) as server:
        result = server.fetch(program, tmp_path / "out", "--connections", "8", "--retries", "20")
        assert server.counts()["faults"].get("requests", 0) >= 1
    assert_healed(study, result, tmp_path / "out")


def test_a_quota_slows_the_run_down_and_fails_no_frame(program, study, tmp_path):
    with FaultyStore(program, study, "quota=40/s:burst=20", tmp_path) as server:
        result = server.fetch(program, tmp_path / "out", "--json")
        refused = server.counts()["faults"]["quota"]
    _, report = assert_healed(study, result, tmp_path / "out")
    assert report["counts"]["retriesByError"] == {"request/ThrottlingException": refused}
    summary = json.loads(result.stdout.splitlines()[-1])
    assert summary["seconds"] >= (FRAMES - 20) / 40, "more came through than the quota allows"


@pytest.mark.parametrize("latency", ["30ms", "5-60ms", "lognormal(20ms,1)", "pareto(5ms,1)"])
def test_latency_of_any_shape_costs_time_only(program, study, tmp_path, latency):
    with FaultyStore(program, study, f"seed=4,latency={latency}", tmp_path) as server:
        result = server.fetch(program, tmp_path / "out")
    _, report = assert_healed(study, result, tmp_path / "out")
    assert report["counts"]["retriesByError"] == {}


# What does not heal.


def test_frames_that_are_not_there_are_named_and_asked_for_once(program, study, tmp_path):
    with FaultyStore(program, study, "seed=6,404=0.3,repeat=always", tmp_path) as server:
        result = server.fetch(program, tmp_path / "out")
        hits = server.hits("404")
    assert result.returncode == 1, result.stderr
    assert hits and set(hits.values()) == {1}
    assert_nothing_wrong_on_disk(study, tmp_path / "out", missing=hits)
    lines = read_manifest(tmp_path / "out")
    failed = {line["imageFrameId"]: line for line in lines if line["status"] != "verified"}
    assert set(failed) == set(hits) and len(lines) == FRAMES
    for line in failed.values():
        assert (line["status"], line["attempts"], line["file"]) == ("failed", 1, None)
        assert (line["error"]["stage"], line["error"]["code"]) == ("request", "ResourceNotFoundException")
    assert read_report(tmp_path / "out")["counts"]["framesByError"] == {
        "request/ResourceNotFoundException": len(hits)}


# A fault that comes back each time, what the manifest calls it, and how often it is tried with --retries 2: where it
# could be an outage, the service is asked whether it is there, and then for the frame once more.
# Attempts: three of the frame's own, then up to three rescues when the service answers others again.
LASTING = [
    ("500", {"failed"}, {"InternalServerException"}, [4, 5, 6]),
    ("503", {"failed"}, {"ServiceUnavailableException"}, [4, 5, 6]),
    ("truncate", {"failed"}, {"curl-18"}, [4, 5, 6]), ("reset", {"failed"}, {"curl-56"}, [4, 5, 6]),
    # The same wrong bytes twice: the network is not at fault, a third time would not help.
    ("short", {"failed", "mismatch"}, {"truncated", "not-a-codestream", "damaged", "checksum-mismatch"}, [2, 3]),
    ("flip", {"failed", "mismatch"},
     {"truncated", "not-a-codestream", "damaged", "checksum-mismatch", "unsupported", "over-limit"}, [1, 2, 3]),
    ("wrong", {"mismatch"}, {"checksum-mismatch"}, [2]),
    # A page is no answer of the service.
    ("html", {"failed"}, {"not-a-frame"}, [4, 5, 6]),
]


@pytest.mark.parametrize("fault, statuses, codes, attempts", LASTING, ids=[row[0] for row in LASTING])
def test_what_never_heals_is_named_and_never_written(program, study, tmp_path, fault, statuses, codes, attempts):
    with FaultyStore(program, study, f"seed=9,{fault}=0.3,repeat=always", tmp_path) as server:
        result = server.fetch(program, tmp_path / "out", "--retries", "2")
        hits = server.hits(fault)
    assert result.returncode == 1, result.stderr
    lines = read_manifest(tmp_path / "out")
    failed = {line["imageFrameId"]: line for line in lines if line["status"] != "verified"}
    if fault == "flip":  # a bit that no decoder reads
        assert failed and set(failed) <= set(hits)
    else:
        assert hits and set(failed) == set(hits)
    assert len(lines) == FRAMES
    for line in failed.values():
        assert line["status"] in statuses and line["error"]["code"] in codes, line
        assert line["attempts"] in attempts and line["file"] is None, line
        assert line["attempts"] == hits[line["imageFrameId"]]
    assert_nothing_wrong_on_disk(study, tmp_path / "out", missing=failed)


def test_frames_throttled_for_ever_are_named(program, study, tmp_path):
    with FaultyStore(program, study, "seed=9,429=0.3,repeat=always", tmp_path) as server:
        result = server.fetch(program, tmp_path / "out", "--retries", "0")
        hits = server.hits("429")
    assert result.returncode == 1, result.stderr
    failed = {line["imageFrameId"]: line for line in read_manifest(tmp_path / "out") if line["status"] != "verified"}
    assert hits and set(failed) == set(hits)
    assert {line["error"]["code"] for line in failed.values()} == {"ThrottlingException"}
    assert_nothing_wrong_on_disk(study, tmp_path / "out", missing=failed)


def test_expired_credentials_end_the_run_with_77_and_one_clear_line(program, study, tmp_path):
    with FaultyStore(program, study, "seed=6,403=0.3,latency=2ms", tmp_path) as server:
        result = server.fetch(program, tmp_path / "out")
        assert server.hits("403")
    assert result.returncode == 77, result.stderr
    assert len(error_lines(result)) == 1 and "expired" in error_lines(result)[0]
    assert read_report(tmp_path / "out")["conclusion"] == "stopped"
    verified = {line["imageFrameId"] for line in read_manifest(tmp_path / "out") if line["status"] == "verified"}
    assert_nothing_wrong_on_disk(
        study, tmp_path / "out", missing={frame_of(name) for name in study.truth} - verified)


DEAD = ["500=1,repeat=always", "close=1,repeat=always", "503=1,repeat=always"]


@pytest.mark.parametrize("spec", DEAD)
def test_a_service_that_never_answers_ends_the_run_with_69(program, study, tmp_path, spec):
    with FaultyStore(program, study, spec, tmp_path) as server:
        result = server.fetch(program, tmp_path / "out", "--retries", "1")
    assert result.returncode == 69, result.stderr
    assert len(error_lines(result)) == 1
    assert_nothing_wrong_on_disk(study, tmp_path / "out", missing={frame_of(name) for name in study.truth})


@pytest.mark.parametrize(
    "spec, status", [("500=1", 69), ("html=1", 65), ("truncate=1", 69), ("404=1", 65), ("403=1", 77)])
def test_metadata_that_cannot_be_had_ends_with_one_clear_line(program, study, tmp_path, spec, status):
    with FaultyStore(program, study, f"on=metadata,repeat=always,{spec}", tmp_path) as server:
        result = server.fetch(program, tmp_path / "out", "--retries", "1")
        assert server.injected[0]["operation"] == "GetImageSetMetadata"
    assert result.returncode == status, result.stderr
    assert len(error_lines(result)) == 1


@pytest.mark.parametrize("fault", ["500", "429", "truncate", "short", "flip", "html", "reset", "close"])
def test_metadata_and_searches_are_tried_again(program, study, tmp_path, fault):
    with FaultyStore(program, study, f"on=all,repeat=1,seed=1,{fault}=1", tmp_path) as server:
        result = server.fetch(program, tmp_path / "out")
        concerned = {entry["operation"] for entry in server.injected}
    assert_healed(study, result, tmp_path / "out")
    assert concerned == {"SearchImageSets", "GetImageSetMetadata", "GetImageFrame"}


# The faults themselves.


def test_the_same_seed_injects_the_same_faults(program, study, tmp_path):
    spec = "seed=21,429=0.1,truncate=0.1,short=0.1,flip=0.1,wrong=0.1,html=0.05,reset=0.1"
    logs = []
    for run, connections in enumerate(["4", "16"]):
        (tmp_path / str(run)).mkdir()
        with FaultyStore(program, study, spec, tmp_path / str(run)) as server:
            result = server.fetch(program, tmp_path / str(run) / "out", "--connections", connections)
            logs.append(sorted(json.dumps(entry) for entry in server.injected))
        assert_healed(study, result, tmp_path / str(run) / "out")
    assert logs[0] == logs[1] and len(logs[0]) > 10


def test_a_specification_that_makes_no_sense_is_64_and_says_where(program, study, tmp_path):
    for spec, position, word in [("flip=2", 6, "rate"), ("seed=1,flop=0.1", 8, "flip"), ("quota=5", 7, "200/s")]:
        result = program.run("local", "serve", "--store", study.store, "--port", "0", "--faults", spec)
        assert result.returncode == 64
        assert len(error_lines(result)) == 1
        assert f"position {position}" in error_lines(result)[0] and word in error_lines(result)[0]
    result = program.run("local", "serve", "--store", study.store, "--port", "0", "--faults-log", tmp_path / "log")
    assert result.returncode == 64 and "--faults" in error_lines(result)[0]
    result = program.run(
        "local", "serve", "--store", study.store, "--port", "0", "--faults", "flip=1", "--faults-log", "/proc/no/log")
    assert result.returncode == 74 and "/proc/no/log" in error_lines(result)[0]


def test_the_server_tells_what_it_injected_when_it_ends(program, study, tmp_path):
    server = FaultyStore(program, study, "seed=6,404=1,repeat=always", tmp_path)
    server.fetch(program, tmp_path / "out", "--connections", "1")
    server.process.terminate()
    _, errors = server.process.communicate(timeout=60)
    assert server.process.returncode in (0, 130), errors
    assert f"faults injected into {FRAMES} requests: 404 {FRAMES}" in errors
