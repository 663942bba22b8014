"""What the tests of the workflow share: the program, its events, a terminal, and what a store still holds."""

import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import time

from cli_support import LocalStore, Program, error_lines, parse_lines  # noqa: F401

STUDIES = {1: ("CT of chest", 2), 2: ("CT of pelvis", 57), 3: ("MRI of head", 192), 4: ("MRI of breast", 92)}
# None of the machine's own settings may matter to --local; if these reached a request it would fail.
MISLEADING = {
    "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "AKIDMISLEADING",
    "AWS_SECRET_ACCESS_KEY": "misleadingSecretThatMustNeverShow", "AWS_CA_BUNDLE": "/nonexistent/ca.pem",
}


def events_of(result):
    return parse_lines(result.stdout)


def named(events, name):
    return [event for event in events if event["event"] == name]


def one(events, name):
    found = named(events, name)
    assert len(found) == 1, (name, [event["event"] for event in events])
    return found[0]


def state_of(output):
    return json.loads((pathlib.Path(output) / "workflow.json").read_text())


def no_secret(*texts):
    """Whatever was printed or written names no key and no secret of ours."""
    for text in texts:
        lowered = text.lower()
        assert "misleadingsecret" not in lowered
        assert "aws4-hmac" not in lowered
        assert "authorization" not in lowered


def one_error(result, status, *words):
    """The status, one line that says why with all of the words, and no secret. Gives the line."""
    assert result.returncode == status, result.stdout[-2000:] + result.stderr
    lines = error_lines(result)
    assert len(lines) == 1, result.stderr
    for word in words:
        assert word in lines[0], (word, lines[0])
    no_secret(result.stdout, result.stderr)
    return lines[0]


def leftovers(program, store):
    """Data stores and buckets that a store folder still holds, by what its own service says."""
    with LocalStore(program, store) as server:
        listed = program.run("hello", "--endpoint-url", server.url, "--no-sign-request", "--json")
        assert listed.returncode == 0, listed.stderr
        datastores = [line["datastoreId"] for line in parse_lines(listed.stdout)]
        stack = program.run(
            "stack", "show", "hi-fetch-workflow", "--endpoint-url", server.url, "--no-sign-request", "--json")
    return datastores, stack.returncode == 0


def check_frames(program, output, events, frames):
    """All frames are there, verified, where the events say, and `verify` agrees."""
    fetched = one(events, "fetched")["frames"]
    assert fetched["planned"] == frames
    assert fetched["verified"] + fetched["resumed"] == frames
    job = [event["jobId"] for event in events if event.get("jobId")][-1]
    folder = pathlib.Path(output) / f"import_job_{job}"
    assert fetched["folder"] == str(folder)
    assert len(list(folder.rglob("*.raw"))) == frames
    checked = program.run("verify", folder)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return folder


class Killed(Exception):
    pass


def run_until(program, event, *arguments, env=None, timeout=300):
    """Runs with --json and kills the program (SIGKILL) when it tells `event`. Returns the events until then."""
    process = program.start(
        *arguments, "--json", env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    events = []
    try:
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == event:
                process.kill()
                process.wait(timeout=30)
                return events
        raise AssertionError(f"no event {event}: {process.stderr.read()}")
    finally:
        process.kill()
        process.communicate()


class Terminal:
    """The program on a pseudo-terminal, driven by a script of prompts and answers."""

    def __init__(self, program, *arguments, env=None):
        master, slave = pty.openpty()
        self.master = master
        self.text = ""
        self.seen = 0

        def become_foreground():
            # A session of its own, whose terminal this is: Ctrl-C reaches it as from a keyboard.
            os.setsid()
            import fcntl
            import termios
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [program.path, *map(str, arguments)], stdin=slave, stdout=slave, stderr=slave, close_fds=True,
            env=program.environment({"TERM": "xterm", **(env or {})}), preexec_fn=become_foreground)
        os.close(slave)

    def read(self, timeout):
        """Reads what there is within `timeout` seconds; False when the program has closed the terminal."""
        ready, _, _ = select.select([self.master], [], [], timeout)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def expect(self, pattern, timeout=180):
        """Waits until `pattern` shows behind what was seen so far, and returns the match."""
        deadline = time.monotonic() + timeout
        while True:
            match = re.compile(pattern).search(self.text, self.seen)
            if match:
                self.seen = match.end()
                return match
            if time.monotonic() > deadline or not self.read(1):
                raise AssertionError(f"never saw {pattern!r} in:\n{self.text[self.seen:]}")

    def answer(self, pattern, text):
        match = self.expect(pattern)
        os.write(self.master, f"{text}\n".encode())
        return match

    def interrupt(self):
        os.write(self.master, b"\x03")

    def end_of_input(self):
        """Ctrl-D."""
        os.write(self.master, b"\x04")

    def end(self, timeout=120):
        """Waits for the end and returns the exit status."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.read(1):
            pass
        status = self.process.wait(timeout=30)
        os.close(self.master)
        self.master = None
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        if self.master is not None:
            os.close(self.master)


def wait_until(check, timeout=60):
    deadline = time.monotonic() + timeout
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)
