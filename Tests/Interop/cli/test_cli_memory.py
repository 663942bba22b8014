"""Memory does not grow with the number of frames, nor with the size of an instance."""

import json
import pathlib
import subprocess
import sys

from cli_support import LocalStore

# Many image sets, so that no single plan hides the growth of what is kept per frame.
IMAGE_SETS = 20
FRAMES_EACH = 1_000
FRAMES = IMAGE_SETS * FRAMES_EACH
EARLY = 5_000
# What the allocator may add between the two measurements: less than 1 KiB a frame.
ALLOWED_GROWTH_KIB = 12 * 1024

# One instance of 36 frames of 10.5 MB, 377 MB together, beside small frames.
LARGE_COLUMNS, LARGE_ROWS, LARGE_FRAMES = 2048, 2560, 36
SMALL_FRAMES = 100
WORKERS = 2
MEMORY_LIMIT_MIB = 48
# What docs/architecture.md allows a worker beside the limit: 7 bytes a sample, and its last output of 2.
WORKER_MIB = 9 * LARGE_COLUMNS * LARGE_ROWS / (1 << 20)
# The program with small frames alone: 54 MB (docs/numbers.md), and what the allocator takes.
PROGRAM_MIB = 80
LARGE_MAKER = pathlib.Path(__file__).resolve().parents[1] / "make_large_dicom.py"


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


def test_an_instance_of_many_large_frames_needs_the_limit_and_no_more_and_lets_small_frames_pass(
    program, tmp_path, capsys
):
    store = tmp_path / "store"
    file = tmp_path / "large.dcm"
    subprocess.run(
        [sys.executable, LARGE_MAKER, file, f"{LARGE_COLUMNS}x{LARGE_ROWS}", str(LARGE_FRAMES)], check=True, timeout=300)
    large = program.json_lines("local", "import", file, "--store", store, timeout=600)[0]
    file.unlink()
    assert large["frames"] == LARGE_FRAMES and large["instances"] == 1
    small = program.json_lines(
        "local", "synth", "--store", store, "--modality", "CT", "--frames", SMALL_FRAMES, "--size", "64x64")[0]
    # The server sends at a fixed pace, so that a large frame is on its way for a sixth of a second on any machine.
    with LocalStore(program, store, "--faults", "drip=100%:20MB/s") as server:
        process = program.start(
            "fetch", "--endpoint-url", server.url, "--no-sign-request", "--datastore", large["datastoreId"],
            "--image-set", large["imageSetId"], "--image-set", small["imageSetId"], "--workers", WORKERS,
            "--memory-limit", f"{MEMORY_LIMIT_MIB}M", "--output", tmp_path / "frames", "--json",
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        peak, ended, summary = 0, [], None
        for text in process.stdout:
            entry = json.loads(text)
            if entry.get("event") == "summary":
                summary = entry
                continue
            ended.append(entry["imageSetId"])
            # After the last frame the process may have ended before it is measured.
            if len(ended) < LARGE_FRAMES + SMALL_FRAMES:
                peak = max(peak, peak_kib(process.pid) / 1024)
        assert process.wait(timeout=120) == 0
    assert summary["counts"]["verified"] == LARGE_FRAMES + SMALL_FRAMES
    last_large = len(ended) - 1 - ended[::-1].index(large["imageSetId"])
    passed = ended[:last_large].count(small["imageSetId"])
    decoded = summary["counts"]["decodedBytes"] / (1 << 20)
    with capsys.disabled():
        print(
            f"\none instance of {LARGE_FRAMES} frames, {decoded:.0f} MiB with {SMALL_FRAMES} small ones: peak memory "
            f"{peak:.0f} MiB; {passed} small frames ended before the last large one")
    # Small frames wait for their turn, and not for the end of the large ones before them.
    assert passed > 0
    allowed = MEMORY_LIMIT_MIB + WORKERS * WORKER_MIB + PROGRAM_MIB
    assert peak < allowed < decoded
