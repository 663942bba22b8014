"""What the tests of the command line share: the built program, a clean environment, a local data store."""

import json
import os
import pathlib
import signal
import subprocess

from built_program import binary


class Program:
    """Runs hi-fetch as a user does, in an environment without any AWS setting of the machine."""

    def __init__(self, home):
        self.path = binary()
        self.home = home

    def environment(self, extra=None):
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
        return {**kept, "HOME": str(self.home), "AWS_EC2_METADATA_DISABLED": "true", **(extra or {})}

    def run(self, *arguments, env=None, timeout=300, cwd=None):
        return subprocess.run(
            [self.path, *map(str, arguments)],
            env=self.environment(env), cwd=cwd, timeout=timeout,
            stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def start(self, *arguments, env=None, **options):
        return subprocess.Popen(
            [self.path, *map(str, arguments)], env=self.environment(env), stdin=subprocess.DEVNULL, **options)

    def json_lines(self, *arguments, **options):
        """Runs with success and returns standard output, every line of it parsed."""
        result = self.run(*arguments, "--json", **options)
        assert result.returncode == 0, result.stderr
        return parse_lines(result.stdout)


def parse_lines(text):
    """Each line must be one JSON object: that is what --json promises."""
    lines = [json.loads(line) for line in text.splitlines()]
    assert all(isinstance(line, dict) for line in lines)
    return lines


def error_lines(result):
    return [line for line in result.stderr.splitlines() if line.startswith("hi-fetch: error: ")]


class LocalStore:
    """A running `hi-fetch local serve`."""

    def __init__(self, program, store, *options):
        self.process = program.start(
            "local", "serve", "--store", store, "--port", "0", "--json", *options,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the local data store did not start: {self.process.communicate()[1]}")
        self.ready = json.loads(line)
        assert self.ready["event"] == "ready"
        self.url = self.ready["url"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Study:
    def __init__(self, modality, frames, width, height, line):
        self.modality, self.frames, self.width, self.height = modality, frames, width, height
        self.datastore = line["datastoreId"]
        self.image_set = line["imageSetId"]


def read_manifest(folder):
    return parse_lines((pathlib.Path(folder) / "manifest.jsonl").read_text())


def output_files(folder):
    """Every file but the manifest and the report, relative to the folder."""
    folder = pathlib.Path(folder)
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return found - {"manifest.jsonl", "report.json"}
