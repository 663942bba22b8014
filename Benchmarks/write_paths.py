#!/usr/bin/env python3
"""What writing a frame's file costs with plain system calls, with io_uring and past the page cache.

Builds write_paths.c (needs gcc and Debian's liburing-dev) in a temporary folder. Every method writes the same files in
the way of Sources/FrameEngine/Write/AtomicFile.swift: under a temporary name in an open folder, then renamed. The
methods take turns in a random order; the table has the least of each, because what other programs and the host do to a
turn only adds. Processor time is that of all threads, io_uring's in the kernel too (in brackets), without what making
the bytes takes. With --sync the time is that until the file system has everything on its medium, and the processor time
has what the system's own threads spend on that, whoever it is for. Leave five minutes between runs on ext4, which
searches long for an inode where many files were removed.

    Benchmarks/write_paths.py [--folder /dev/shm,.] [--bytes 346000,2000000] [--megabytes 200] [--turns 15]
                              [--processors 1] [--depth 16,32] [--sync]
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

PLAIN = "plain"
METHODS = ["bytes", PLAIN, "fallocate", "direct"]
RINGS = ["ring", "ring-direct"]


def build(folder):
    source = pathlib.Path(__file__).with_suffix(".c")
    program = pathlib.Path(folder) / "write_paths"
    done = subprocess.run(["gcc", "-std=c11", "-O2", "-Wall", source, "-o", program, "-luring", "-lpthread"])
    if done.returncode != 0:
        sys.exit("write_paths.c was not built; it needs gcc and liburing-dev")
    return program


def kernel_threads():
    """Nanoseconds on a processor by process: all threads of the system that write back, whoever it is for."""
    spent = {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().startswith(("kworker", "jbd2", "kswapd")):
                spent[process.name] = int((process / "schedstat").read_text().split()[0])
        except OSError:
            pass  # Ended meanwhile.
    return spent


def turn(program, method, folder, files, size, processors, depth, syncs):
    before = kernel_threads()
    done = subprocess.run(
        [program, method, folder, *map(str, (files, size, len(processors), depth)), *(["sync"] if syncs else [])],
        capture_output=True, text=True, preexec_fn=lambda: os.sched_setaffinity(0, processors))
    if done.returncode != 0:
        sys.exit(done.stderr)
    written = sum(spent - before.get(name, 0) for name, spent in kernel_threads().items()) / 1e9
    return {**json.loads(done.stdout), "written": written}


def compare(program, folder, size, options):
    """Prints a line a method: the least of the turns, for a file."""
    files = max(options.depth[-1] * 2, options.megabytes * 1_000_000 // size)
    processors = set(sorted(os.sched_getaffinity(0))[-options.processors:])
    runs = [(method, 1) for method in METHODS] + [(ring, depth) for ring in RINGS for depth in options.depth]
    order = random.Random(1)
    results = {run: [] for run in runs}
    for number in range(options.turns):
        for method, depth in order.sample(runs, len(runs)):
            place = pathlib.Path(folder) / f"{size}-{number}-{method}-{depth}"
            place.mkdir()
            results[method, depth].append(
                turn(program, method, place, files, size, processors, depth, options.sync))

    def least(run, key):
        return min(result[key] for result in results[run]) * 1e6 / files

    def cpu(run):
        writing_back = least(run, "written") - least(("bytes", 1), "written") if options.sync else 0
        return least(run, "cpu") - least(("bytes", 1), "cpu") + writing_back

    time = "synced" if options.sync else "seconds"
    plain = (PLAIN, 1)
    print(f"{folder}: {files} files of {size} bytes, {len(processors)} processors")
    print("  method           CPU us a file  of plain  (in the ring's workers)  us a file  of plain")
    for run in runs[1:]:
        method, depth = run
        name = f"{method} {depth}" if method in RINGS else method
        print(
            f"  {name:<16} {cpu(run):13.0f}  {cpu(run) / cpu(plain):8.2f}  {least(run, 'workerCPU'):23.0f}"
            f"  {least(run, time):9.0f}  {least(run, time) / least(plain, time):8.2f}", flush=True)


def main():
    def numbers(text):
        return sorted(int(part) for part in text.split(","))

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default="/dev/shm,.", help="on the file systems to measure")
    parser.add_argument("--bytes", type=numbers, default="346000,2000000", help="sizes of the files")
    parser.add_argument("--megabytes", type=int, default=200, help="how much each turn writes")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--processors", type=int, default=1, help="also the threads that write plainly")
    parser.add_argument("--depth", type=numbers, default="16,32", help="files in flight in the ring")
    parser.add_argument("--sync", action="store_true", help="time until the file system has all of it on its medium")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as built:
        program = build(built)
        for parent in options.folder.split(","):
            with tempfile.TemporaryDirectory(dir=parent) as folder:
                for size in options.bytes:
                    compare(program, folder, size, options)


if __name__ == "__main__":
    main()
