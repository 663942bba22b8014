#!/usr/bin/env python3
"""Memory of a fetch of one instance with many large frames beside many small frames, under --memory-limit.

Makes the instance (36 frames of 4096 x 5120, 16 bits: 1.5 GB decoded), imports it and a study of small frames into a local
data store, and fetches both to raw: with the small frames named after the large ones, before them, and without them. Prints
the peak resident memory that /usr/bin/time measures, and when the frames of the small study ended among the large ones:
how many large frames had ended before the first and before the last small one.

    Benchmarks/large_instance.py [--program .build/release/hi-fetch] [--python .test-tools/bin/python]
        [--size 4096x5120] [--frames 36] [--small 200] [--memory-limit 256M] [--store DIR] [--output /dev/shm]

Needs pydicom and numpy in --python, as Tests/Interop does. A store that is named is kept, and used again if it is there.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

MAKER = pathlib.Path(__file__).resolve().parents[1] / "Tests/Interop/make_large_dicom.py"


def lines_of(*command):
    done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def created(lines):
    return next(line for line in lines if line["event"] == "created")


def make(options, store):
    """The data store and its two image sets: large frames, small frames."""
    notes = store / "large_instance.json"
    if notes.exists():
        return json.loads(notes.read_text())
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "large.dcm"
        subprocess.run([options.python, MAKER, file, options.size, str(options.frames)], check=True)
        large = created(lines_of(options.program, "local", "import", file, "--store", store, "--json"))
    small = created(lines_of(
        options.program, "local", "synth", "--store", store, "--modality", "CT", "--frames", options.small,
        "--size", "64x64", "--json"))
    made = {"datastore": large["datastoreId"], "large": large["imageSetId"], "small": small["imageSetId"]}
    notes.write_text(json.dumps(made))
    return made


def fetch(options, url, made, sets):
    selection = [part for name in sets for part in ("--image-set", made[name])]
    with tempfile.TemporaryDirectory(dir=options.output) as folder:
        peak = pathlib.Path(folder) / "peak"
        lines = lines_of(
            "/usr/bin/time", "-f", "%M", "-o", peak, options.program, "fetch", "--endpoint-url", url, "--no-sign-request",
            "--datastore", made["datastore"], *selection, "--format", "raw", "--output", f"{folder}/frames",
            "--memory-limit", options.memory_limit, "--json")
        kibibytes = int(peak.read_text())
    summary = lines.pop()
    is_small = [line["imageSetId"] == made["small"] for line in lines]
    line = (
        f"{' then '.join(sets):<18} {kibibytes * 1024 / 1e6:5.0f} MB resident at the most, "
        f"{summary['counts']['decodedBytes'] / 1e6:.0f} MB decoded, {summary['seconds']:.2f} s")
    if True in is_small:
        first, last = is_small.index(True), len(is_small) - 1 - is_small[::-1].index(True)
        before = [sum(not small for small in is_small[:position]) for position in (first, last)]
        line += f"; large frames ended before the first small one {before[0]}, before the last {before[1]}"
    print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/hi-fetch")
    parser.add_argument("--python", default=".test-tools/bin/python")
    parser.add_argument("--size", default="4096x5120")
    parser.add_argument("--frames", type=int, default=36)
    parser.add_argument("--small", type=int, default=200)
    parser.add_argument("--memory-limit", default="256M")
    parser.add_argument("--store", type=pathlib.Path)
    parser.add_argument("--output", default="/dev/shm", help="where the temporary folder for frames is made")
    options = parser.parse_args()
    store = options.store or pathlib.Path(tempfile.mkdtemp())
    try:
        made = make(options, store)
        server = subprocess.Popen(
            [options.program, "local", "serve", "--store", store, "--port", "0", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            url = json.loads(server.stdout.readline())["url"]
            for sets in (["large", "small"], ["small", "large"], ["large"], ["small"]):
                fetch(options, url, made, sets)
        finally:
            server.terminate()
            server.wait()
    finally:
        if not options.store:
            shutil.rmtree(store)


if __name__ == "__main__":
    main()
