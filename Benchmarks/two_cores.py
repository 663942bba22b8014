#!/usr/bin/env python3
"""How much faster a fetch is on two cores than on one, where the server has to run on the same two cores.

With one core for the client the server has the other for itself. With two for the client the server takes part of both,
which no client can win back: beside the plain ratio of the times stands the ratio after the server's own CPU time, spread over
both cores, is taken out of the second one. Time in which a core stood idle is not taken out. Rounds alternate; medians.

    chrt -f 20 SERVER &
    chrt -f 10 Benchmarks/two_cores.py --server-pid $! --url URL --input plan.json [--ca-bundle FILE] [--format none]
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of all threads of another process (proc(5), fields 14 and 15)."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def keep_on(pid, cores):
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(thread), cores)


def fetch(options, cores, folder):
    """Seconds of one fetch that may use `cores`, and the server's CPU seconds in it."""
    shutil.rmtree(folder, ignore_errors=True)
    trust = ["--ca-bundle", options.ca_bundle] if options.ca_bundle else []
    command = [
        options.program, "fetch", "--input", options.input, "--endpoint-url", options.url, "--no-sign-request", *trust,
        "--format", options.format, "--output", folder, "--json"]
    before = cpu_seconds(options.server_pid)
    done = subprocess.run(
        command, capture_output=True, text=True, preexec_fn=lambda: os.sched_setaffinity(0, cores))
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr}")
    summary = json.loads(done.stdout.splitlines()[-1])
    return summary["seconds"], cpu_seconds(options.server_pid) - before


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/hi-fetch")
    parser.add_argument("--server-pid", type=int, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--input", required=True, help="metadata of the frames to fetch")
    parser.add_argument("--ca-bundle")
    parser.add_argument("--format", default="none")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not pathlib.Path(f"/proc/{options.server_pid}").exists():
        sys.exit(f"no process has the number {options.server_pid}: start the server and name its pid")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two cores are needed")
    first, second = cores[:2]
    rounds = []
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        output = pathlib.Path(folder) / "out"
        for number in range(options.rounds + 1):
            keep_on(options.server_pid, {first})
            alone, _ = fetch(options, {second}, output)
            keep_on(options.server_pid, {first, second})
            both, server = fetch(options, {first, second}, output)
            if number > 0:  # The first round warms memory.
                rounds.append((alone, both, server))
            print(
                f"{'round ' + str(number) if number else 'warm-up'}: {alone:.2f} s on one core, {both:.2f} s on two, of which the "
                f"server took {server:.2f} CPU s", flush=True)
    plain = statistics.median(alone / both for alone, both, _ in rounds)
    without = statistics.median(alone / (both - server / 2) for alone, both, server in rounds)
    print(f"ratio {plain:.2f}; without the server's share {without:.2f}")


if __name__ == "__main__":
    main()
