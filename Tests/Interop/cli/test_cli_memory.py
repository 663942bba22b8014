"""Memory does not grow with the number of frames."""

import json
import subprocess

from cli_support import LocalStore

# Many image sets, so that no single plan hides the growth of what is kept per frame.
IMAGE_SETS = 20
FRAMES_EACH = 1_000
FRAMES = IMAGE_SETS * FRAMES_EACH
EARLY = 5_000
# What the allocator may add between the two measurements: less than 1 KiB a frame.
ALLOWED_GROWTH_KIB = 12 * 1024


def peak_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    raise AssertionError("no VmHWM")


def test_20000_frames_need_no_more_memory_than_5000(program, tmp_path, capsys):
    store = tmp_path / "store"
    for seed in range(IMAGE_SETS):
        created = program.json_lines(
            "local", "synth", "--store", store, "--modality", "CT", "--frames", FRAMES_EACH, "--size", "64x64",
            "--seed", seed, timeout=600)
    datastore = next(line["datastoreId"] for line in created if "imageSetId" in line)
    with LocalStore(program, store) as server:
        process = program.start(
            "fetch", "--endpoint-url", server.url, "--no-sign-request", "--datastore", datastore, "--all",
            "--output", tmp_path / "frames", "--json",
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
            f"\nfetch of {IMAGE_SETS} x {FRAMES_EACH} frames, 64x64: peak memory {early / 1024:.1f} MiB after {EARLY} "
            f"frames, {late / 1024:.1f} MiB after {FRAMES - 200}; {FRAMES / summary['seconds']:.0f} frames/s")
    assert late - early < ALLOWED_GROWTH_KIB
