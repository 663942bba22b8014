"""Memory does not grow with the number of frames."""

import json
import subprocess

import pytest
from cli_support import LocalStore

FRAMES = 20_000
EARLY = 5_000
# What the plan itself and the allocator may add between the two measurements.
ALLOWED_GROWTH_KIB = 24 * 1024


def peak_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    raise AssertionError("no VmHWM")


@pytest.mark.parametrize("output_format", ["raw"])
def test_20000_frames_need_no_more_memory_than_5000(program, tmp_path, output_format, capsys):
    created = program.json_lines(
        "local", "synth", "--store", tmp_path / "store", "--modality", "CT", "--frames", FRAMES, "--size", "64x64",
        "--seed", "3", timeout=1200)
    line = next(line for line in created if "imageSetId" in line)
    with LocalStore(program, tmp_path / "store") as server:
        process = program.start(
            "fetch", "--endpoint-url", server.url, "--no-sign-request", "--datastore", line["datastoreId"],
            "--image-set", line["imageSetId"], "--format", output_format, "--output", tmp_path / "frames", "--json",
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        peaks, verified, summary = {}, 0, None
        for text in process.stdout:
            entry = json.loads(text)
            if entry.get("event") == "summary":
                summary = entry
                continue
            verified += entry["status"] == "verified"
            # The last frames are left out: the process may have ended before it is measured.
            if verified in (EARLY, FRAMES - 200):
                peaks[verified] = peak_kib(process.pid)
        assert process.wait(timeout=120) == 0
    assert verified == FRAMES and summary["counts"]["verified"] == FRAMES
    early, late = peaks[EARLY], peaks[FRAMES - 200]
    with capsys.disabled():
        print(
            f"\nfetch --format {output_format}, 64x64: peak memory {early / 1024:.1f} MiB after {EARLY} frames, "
            f"{late / 1024:.1f} MiB after {FRAMES - 200}; {summary['counts']['verified'] / summary['seconds']:.0f} frames/s")
    assert late - early < ALLOWED_GROWTH_KIB
