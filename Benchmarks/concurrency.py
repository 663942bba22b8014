#!/usr/bin/env python3
"""Whether a fetch that is left alone finds as good a number of requests in flight as the best fixed one.

A local data store serves small frames with a latency of its own, with and without a quota. Each link is fetched with
fixed numbers of connections and with none given; the last column is the ratio of the latter to the best of the former.

    Benchmarks/concurrency.py [--program .build/release/hi-fetch] [--latency 5,40,150] [--quota none,200] [--seconds 20]
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

CONNECTIONS = [4, 16, 32, 64, 128, 256]


def lines_of(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def serve(program, store, faults):
    server = subprocess.Popen(
        [program, "local", "serve", "--store", store, "--port", "0", "--json", "--faults", faults],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return server, json.loads(server.stdout.readline())


def frames_per_second(program, url, datastore, image_sets, folder, connections, quota):
    """Frames/s of one fetch. A fixed number is what a user would set by hand, with the quota's rate beside it."""
    output = pathlib.Path(folder) / "out"
    shutil.rmtree(output, ignore_errors=True)
    fixed = [] if connections is None else ["--connections", connections]
    if connections is not None and quota:
        fixed += ["--max-tps", quota]
    selection = [part for image_set in image_sets for part in ("--image-set", image_set)]
    summary = lines_of(
        program, "fetch", "--endpoint-url", url, "--no-sign-request", "--datastore", datastore, *selection,
        "--output", output, "--format", "none", "--retries", 20, "--json", *fixed)[-1]
    return summary["counts"]["verified"] / summary["seconds"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/hi-fetch")
    parser.add_argument("--latency", default="5,40,150", help="milliseconds")
    parser.add_argument("--quota", default="none,200", help="requests a second")
    parser.add_argument("--seconds", type=float, default=20, help="about how long each fetch runs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = pathlib.Path(folder) / "store"
        image_sets = []
        # Image sets of a thousand frames, as many as a fast link takes in the time.
        for seed in range(int(options.seconds * 2)):
            created = next(line for line in lines_of(
                options.program, "local", "synth", "--store", store, "--modality", "CT", "--frames", 1000, "--size", "32x32",
                "--seed", seed, "--json") if "imageSetId" in line)
            datastore = created["datastoreId"]
            image_sets.append(created["imageSetId"])
        header = "  ".join(f"{number:>6}" for number in CONNECTIONS)
        print(f"latency   quota  {header}  chosen   ratio")
        for quota in options.quota.split(","):
            for latency in options.latency.split(","):
                rate = None if quota == "none" else int(quota)
                faults = f"latency={latency}ms" + (f",quota={rate}/s:burst={rate}" if rate else "")
                server, ready = serve(options.program, store, faults)
                try:
                    def run(connections):
                        ceiling = min(rate or 2000, (connections or 256) * 1000 / int(latency), 2000)
                        count = max(1, min(len(image_sets), round(ceiling * options.seconds / 1000)))
                        return frames_per_second(
                            options.program, ready["url"], datastore, image_sets[:count], folder, connections, rate)

                    fixed = [run(number) for number in CONNECTIONS]
                    chosen = run(None)
                finally:
                    server.terminate()
                    server.wait()
                columns = "  ".join(f"{value:6.0f}" for value in fixed)
                print(f"{latency:>4} ms  {quota:>6}  {columns}  {chosen:6.0f}  {chosen / max(fixed):6.2f}", flush=True)


if __name__ == "__main__":
    main()
