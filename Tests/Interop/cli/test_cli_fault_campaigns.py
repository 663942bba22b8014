"""Long runs in which everything goes wrong at once: every frame ends verified, in flat memory.

One against the local server's faults, others against an nginx that is reloaded, killed, restarted and stopped.
"""

import json
import subprocess
import time
import zlib

import pytest
from cli_support import LocalStore, error_lines, output_files, read_manifest
from fault_support import FaultyStore, read_report
from nginx_support import Nginx, require_nginx

IMAGE_SETS = 20
FRAMES_EACH = 1_000
FRAMES = IMAGE_SETS * FRAMES_EACH
EARLY = 5_000
ALLOWED_GROWTH_KIB = 16 * 1024

# A fifth of all requests, each sort of fault among them; stalls are few because each costs seconds.
FAULTS = (
    "seed=1711,429=2.5%,429=1%:1s,500=2%,503=2%,503=0.5%:1s,truncate=2.5%,short=2%,reset=2.5%,close=1%,goaway=0.5%,"
    "flip=1.5%,wrong=1%,html=0.5%,drip=0.45%:20KB/s,stall=0.05%,latency=lognormal(2ms,1),quota=5000/s:burst=10000,"
    "requests=1000")
KINDS = {
    "429", "500", "503", "truncate", "short", "reset", "close", "goaway", "flip", "wrong", "html", "drip", "stall"}


class Campaign:
    """Many image sets of small frames, so that no single plan hides the growth of what is kept per frame."""

    def __init__(self, program, folder):
        self.store = folder / "store"
        self.image_sets = []
        for seed in range(IMAGE_SETS):
            lines = program.json_lines(
                "local", "synth", "--store", self.store, "--modality", "CT", "--frames", FRAMES_EACH,
                "--size", "64x64", "--seed", seed, timeout=600)
            created = next(line for line in lines if "imageSetId" in line)
            self.datastore = created["datastoreId"]
            self.image_sets.append(created["imageSetId"])


@pytest.fixture(scope="module")
def campaign(program, tmp_path_factory):
    return Campaign(program, tmp_path_factory.mktemp("campaign"))


def memory_kib(pid, name):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name + ":"))


def assert_every_frame_is_proved(output, frames):
    """By the manifest and by the files themselves, whose checksums are computed here."""
    proved = {}
    for line in read_manifest(output):
        if line["status"] != "verified":
            continue
        content = (output / line["file"]).read_bytes()
        checksum = f"{zlib.crc32(content):08x}"
        assert checksum == line["crc32"] == line["crc32Expected"], line
        proved[line["file"]] = line
    assert len(proved) == frames
    assert output_files(output) == set(proved), "a file that is no frame, or no proof for it"


def test_20000_frames_survive_a_fifth_of_all_requests_going_wrong(program, campaign, tmp_path, capsys):
    with FaultyStore(program, campaign, FAULTS, tmp_path) as server:
        process = program.start(
            *server.arguments(tmp_path / "out"), "--json", "--idle-timeout", "2", "--connections", "64",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        peaks, verified, summary = {}, 0, None
        for text in process.stdout:
            entry = json.loads(text)
            if entry.get("event") == "summary":
                summary = entry
                continue
            verified += entry["status"] == "verified"
            # The last frames are left out: the process may have ended before it is measured.
            if verified in (EARLY, FRAMES - 200):
                peaks[verified] = memory_kib(process.pid, "VmHWM")
        errors = process.stderr.read()
        assert process.wait(timeout=120) == 0, errors
        counts = server.counts()
        server_memory = memory_kib(server.process.pid, "VmHWM")
    assert verified == FRAMES
    assert_every_frame_is_proved(tmp_path / "out", FRAMES)
    injected = counts["faults"]
    assert KINDS <= set(injected), injected
    drawn = sum(count for kind, count in injected.items() if kind in KINDS)
    assert 0.18 * counts["requests"] < drawn < 0.22 * counts["requests"], injected
    retries = read_report(tmp_path / "out")["counts"]["retriesByError"]
    early, late = peaks[EARLY], peaks[FRAMES - 200]
    with capsys.disabled():
        print(
            f"\n{FRAMES} frames, {counts['requests']} requests, {drawn} faults: {summary['seconds']:.0f} s; peak memory "
            f"{early / 1024:.1f} MiB after {EARLY} frames, {late / 1024:.1f} MiB at the end; the server's "
            f"{server_memory / 1024:.0f} MiB\n  injected {injected}\n  retried  {retries}")
    assert late - early < ALLOWED_GROWTH_KIB


# nginx

NGINX_IMAGE_SETS = 6
PROTOCOLS = {
    "http1": ["--http-version", "1.1"],
    # One connection: with several, libcurl before 8.4 loses transfers of its own (docs/numbers.md).
    "http2": ["--http-version", "2", "--connections", "1"],
}


def fetch_through(nginx, campaign, output, *options):
    selection = [word for image_set in campaign.image_sets[:NGINX_IMAGE_SETS] for word in ("--image-set", image_set)]
    return [
        "fetch", "--endpoint-url", nginx.url, "--ca-bundle", nginx.authority, "--no-sign-request",
        "--datastore", campaign.datastore, *selection, "--output", output, "--idle-timeout", "5", *options]


class Outage:
    """Stops nginx, and starts it again a moment later, while the fetch goes on."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __call__(self, nginx):
        nginx.stop()
        time.sleep(self.seconds)
        nginx.start()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_real_server_that_is_reloaded_killed_and_restarted_costs_no_frame(
    program, campaign, tmp_path, protocol, capsys
):
    require_nginx()
    frames = NGINX_IMAGE_SETS * FRAMES_EACH
    # After so many frames: what happens to nginx.
    events = {
        500: Nginx.reload, 1000: Outage(0), 1500: Nginx.kill_a_worker, 2000: Outage(2), 2500: Nginx.reload,
        3000: Nginx.reload, 3500: Outage(1), 4000: Nginx.kill_a_worker, 4500: Outage(5), 5000: Outage(0),
    }
    with LocalStore(program, campaign.store) as server, Nginx(tmp_path / "nginx", server.url) as nginx:
        process = program.start(
            *fetch_through(nginx, campaign, tmp_path / "out", *PROTOCOLS[protocol], "--json"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        finished = 0
        for text in process.stdout:
            finished += "event" not in json.loads(text)
            if finished in events:
                events.pop(finished)(nginx)
        errors = process.stderr.read()
        assert process.wait(timeout=120) == 0, errors
    assert not events
    assert_every_frame_is_proved(tmp_path / "out", frames)
    report = read_report(tmp_path / "out")
    assert report["transport"].startswith(protocol)
    assert sum(report["counts"]["retriesByError"].values()) > 0, "no request was hit: the outages were none"
    with capsys.disabled():
        print(f"\n{protocol}: {report['seconds']:.0f} s, retried {report['counts']['retriesByError']}")


def test_a_server_that_is_stopped_for_good_ends_the_run_with_69_and_the_rest_can_be_fetched_later(
    program, campaign, tmp_path
):
    require_nginx()
    output = tmp_path / "out"
    with LocalStore(program, campaign.store) as server, Nginx(tmp_path / "nginx", server.url) as nginx:
        start = time.monotonic()
        process = program.start(
            *fetch_through(nginx, campaign, output, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        finished = 0
        for text in process.stdout:
            finished += "event" not in json.loads(text)
            if finished == 1000:
                nginx.stop()
        errors = process.stderr.read()
        assert process.wait(timeout=300) == 69, errors
        assert len(error_lines(subprocess.CompletedProcess([], 69, "", errors))) == 1, errors
        assert read_report(output)["conclusion"] == "stopped"
        verified = [line for line in read_manifest(output) if line["status"] == "verified"]
        assert 1000 <= len(verified) < NGINX_IMAGE_SETS * FRAMES_EACH
        assert_every_frame_is_proved(output, len(verified))
        assert time.monotonic() - start < 300, "a dead service ends the run in minutes"
        nginx.start()
        again = program.run(*fetch_through(nginx, campaign, output))
        assert again.returncode == 0, again.stderr
    assert_every_frame_is_proved(output, NGINX_IMAGE_SETS * FRAMES_EACH)
