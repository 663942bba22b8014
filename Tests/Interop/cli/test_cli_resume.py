"""A fetch that was stopped, killed or damaged goes on where it was, and ends as if nothing had happened."""

import json
import os
import random
import signal
import subprocess
import time

import pytest
from cli_support import error_lines, output_files, parse_lines, read_manifest
from fake_service import DATASTORE, FRAME_BYTES, IMAGE_SET, Answer, FakeService, frame_body, frame_id, metadata


def arguments(service, output, *options):
    return [
        "fetch", "--endpoint-url", service.url, "--no-sign-request", "--datastore", DATASTORE,
        "--image-set", IMAGE_SET, "--output", output, *options]


def fetch(program, service, output, *options):
    """Runs to the end; returns the summary and the ids of the frames that were asked for."""
    before = len(service.requests)
    result = program.run(*arguments(service, output, "--json", *options))
    assert result.returncode == 0, result.stderr
    asked = [identifier for name, identifier in service.requests[before:] if name == "frame"]
    return parse_lines(result.stdout)[-1]["counts"], asked


def whole_records(output):
    """The ids in the manifest's finished lines, whatever stands behind the last line feed."""
    try:
        text = (output / "manifest.jsonl").read_text()
    except FileNotFoundError:
        return []
    return [json.loads(line)["imageFrameId"] for line in text.split("\n")[:-1] if line.strip()]


def contents(folder):
    return {name: (folder / name).read_bytes() for name in output_files(folder)}


def run_until_killed(process, service, chance):
    """Kills the process at a random moment: while it starts, or after a random number of requests."""
    seen = len(service.requests)
    if chance.random() < 0.2:
        time.sleep(chance.uniform(0, 0.1))
    else:
        enough = seen + chance.randint(1, 45)
        delay = chance.uniform(0, 0.003)
        while len(service.requests) < enough and process.poll() is None:
            time.sleep(0.0005)
        time.sleep(delay)
    process.kill()
    process.communicate()


def test_killed_a_hundred_times_it_ends_as_an_undisturbed_run(program, tmp_path):
    frames, kills, connections = 2000, 100, 8
    seed = random.randrange(1 << 32)
    print(f"\nseed {seed}")
    chance = random.Random(seed)
    undisturbed, output = tmp_path / "undisturbed", tmp_path / "killed"
    with FakeService(frames=frames) as service:
        fetch(program, service, undisturbed)
        service.requests.clear()
        advanced = 0
        for life in range(kills):
            recorded = whole_records(output)
            start = len(service.requests)
            process = program.start(
                *arguments(service, output, "--connections", str(connections)),
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            run_until_killed(process, service, chance)
            asked = {identifier for name, identifier in service.requests[start:] if name == "frame"}
            assert not asked & set(recorded), f"life {life}: a recorded frame was fetched again"
            advanced += len(whole_records(output)) > len(recorded)
            if life % 10 == 5 and (output / "manifest.jsonl").exists():
                # What a kill inside of a write, or a loss of power, leaves.
                with open(output / "manifest.jsonl", "a") as manifest:
                    manifest.write('{"datastoreId":"' + DATASTORE[: chance.randint(0, 32)])
        recorded = set(whole_records(output))
        assert advanced > kills / 4 and len(recorded) < frames, "the kills came in the midst of the work"
        counts, asked = fetch(program, service, output, "--connections", str(connections))
        assert counts["resumed"] == len(recorded) and counts["verified"] == frames - len(recorded)
        assert not set(asked) & recorded
        total = sum(1 for name, _ in service.requests if name == "frame")
    print(f"{len(recorded)} frames before the last run, {total - frames} requests repeated by {kills} kills")
    assert total <= frames + kills * connections, "only frames in flight are repeated"
    assert contents(output) == contents(undisturbed) and len(contents(output)) == frames
    ids = [line["imageFrameId"] for line in read_manifest(output)]
    assert len(ids) == len(set(ids)) == frames, "every frame is recorded once"
    stray = [name for _, _, names in os.walk(output) for name in names if name.startswith(".")]
    assert stray == []
    assert program.run("verify", output).returncode == 0


def test_the_same_fetch_again_asks_for_no_frame(program, tmp_path):
    with FakeService(frames=30) as service:
        fetch(program, service, tmp_path)
        manifest = (tmp_path / "manifest.jsonl").read_bytes()
        counts, asked = fetch(program, service, tmp_path)
        assert asked == [] and counts["resumed"] == 30 and counts["verified"] == 0
        assert (tmp_path / "manifest.jsonl").read_bytes() == manifest
        text = program.run(*arguments(service, tmp_path))
    assert text.returncode == 0 and "30 verified by an earlier run" in text.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["conclusion"] == "complete" and report["counts"]["resumed"] == 30


def test_what_is_missing_or_has_another_size_is_fetched_again(program, tmp_path):
    with FakeService(frames=10) as service:
        fetch(program, service, tmp_path)
        names = {line["imageFrameId"]: tmp_path / line["file"] for line in read_manifest(tmp_path)}
        names[frame_id(1)].unlink()
        names[frame_id(2)].write_bytes(b"short")
        names[frame_id(3)].unlink()
        names[frame_id(3)].mkdir()
        os.rmdir(names[frame_id(3)])
        _, asked = fetch(program, service, tmp_path)
        assert set(asked) == {frame_id(1), frame_id(2), frame_id(3)}
    assert all(path.read_bytes() == frame_body(identifier) for identifier, path in names.items())
    assert program.run("verify", tmp_path).returncode == 0


def test_recheck_finds_a_damaged_file_and_fetches_it_again(program, tmp_path):
    with FakeService(frames=10) as service:
        fetch(program, service, tmp_path)
        damaged = tmp_path / next(
            line["file"] for line in read_manifest(tmp_path) if line["imageFrameId"] == frame_id(4))
        data = bytearray(damaged.read_bytes())
        data[100] ^= 1
        damaged.write_bytes(data)
        assert fetch(program, service, tmp_path)[1] == [], "the size alone does not tell"
        counts, asked = fetch(program, service, tmp_path, "--recheck")
        assert asked == [frame_id(4)] and counts["resumed"] == 9
    assert damaged.read_bytes() == frame_body(frame_id(4))
    assert program.run("verify", tmp_path).returncode == 0


def test_no_resume_starts_over(program, tmp_path):
    with FakeService(frames=10) as service:
        fetch(program, service, tmp_path)
        counts, asked = fetch(program, service, tmp_path, "--no-resume")
        assert len(asked) == 10 and counts["resumed"] == 0
        assert fetch(program, service, tmp_path)[1] == []


def test_new_frames_of_an_image_set_are_all_that_is_fetched(program, tmp_path):
    with FakeService(frames=10) as service:
        fetch(program, service, tmp_path)
    with FakeService(frames=14) as service:
        assert set(fetch(program, service, tmp_path)[1]) == {frame_id(number) for number in range(10, 14)}


def test_frames_whose_checksum_is_another_now_are_fetched_again(program, tmp_path):
    with FakeService(frames=6) as service:
        fetch(program, service, tmp_path)
    with FakeService(document=metadata(6, wrong_checksums=[3])) as service:
        result = program.run(*arguments(service, tmp_path))
        asked = {identifier for name, identifier in service.requests if name == "frame"}
    assert result.returncode == 1 and asked == {frame_id(3)}


def test_failed_frames_are_tried_again(program, tmp_path):
    with FakeService(frames=8, frame=lambda i: Answer(404, b"{}") if i == frame_id(5) else None) as service:
        assert program.run(*arguments(service, tmp_path)).returncode == 1
    with FakeService(frames=8) as service:
        counts, asked = fetch(program, service, tmp_path)
    assert asked == [frame_id(5)] and counts["resumed"] == 7


def test_every_format_is_finished_by_itself(program, local, served, tmp_path):
    def run(*options):
        result = program.run(
            "fetch", "--endpoint-url", served.url, "--no-sign-request", "--datastore", local.datastore,
            "--image-set", local["MR"].image_set, "--output", tmp_path, "--json", *options)
        assert result.returncode == 0, result.stderr
        return parse_lines(result.stdout)[-1]["counts"]

    frames = local["MR"].frames
    assert run()["verified"] == frames
    assert run("--format", "jph")["verified"] == frames, "pixels do not stand for codestreams"
    assert run()["resumed"] == frames, "the pixels are still there"
    assert run("--format", "jph")["resumed"] == frames
    assert run("--keep-codestream")["verified"] == frames
    assert run("--keep-codestream")["resumed"] == frames
    assert run()["resumed"] == frames
    assert run("--format", "none")["verified"] == frames
    assert run("--format", "none")["resumed"] == frames
    assert program.run("verify", tmp_path).returncode == 0


@pytest.mark.parametrize("damage", ["zeros", "half and half", "garbage"])
def test_a_damaged_line_is_told_repaired_and_its_frame_fetched_again(program, tmp_path, damage):
    manifest = tmp_path / "manifest.jsonl"
    with FakeService(frames=12) as service:
        fetch(program, service, tmp_path)
        lines = manifest.read_bytes().splitlines(keepends=True)
        lost = {json.loads(lines[4])["imageFrameId"]}
        if damage == "zeros":
            lines[4] = bytes(len(lines[4]) - 1) + b"\n"
        elif damage == "garbage":
            lines[4] = b"\x80\xff not a record\n"
        else:
            lost.add(json.loads(lines[5])["imageFrameId"])
            lines[4] = lines[4][:200]
        manifest.write_bytes(b"".join(lines))
        before = len(service.requests)
        result = program.run(*arguments(service, tmp_path))
        asked = {identifier for name, identifier in service.requests[before:] if name == "frame"}
    assert result.returncode == 0, result.stderr
    assert asked == lost
    assert "hi-fetch: warning: " in result.stderr and "line 5" in result.stderr
    assert program.run("verify", tmp_path).returncode == 0, "the damaged line is gone"
    assert len(whole_records(tmp_path)) == 12


def test_a_strange_manifest_is_left_alone(program, tmp_path):
    strange = '{"tool":"another"}\nnot ours at all\n'
    (tmp_path / "manifest.jsonl").write_text(strange)
    with FakeService(frames=3) as service:
        result = program.run(*arguments(service, tmp_path))
    assert result.returncode == 0 and result.stderr.count("hi-fetch: warning: ") == 2
    assert (tmp_path / "manifest.jsonl").read_text().startswith(strange)


def test_names_in_the_manifest_lead_nowhere(program, tmp_path):
    """A record that names a file of the right size elsewhere does not stand for the frame."""
    with FakeService(frames=2) as service:
        fetch(program, service, tmp_path / "out")
        (tmp_path / "elsewhere.raw").write_bytes(bytes(FRAME_BYTES))
        manifest = tmp_path / "out" / "manifest.jsonl"
        name = read_manifest(tmp_path / "out")[0]["file"]
        manifest.write_text(manifest.read_text().replace(name, "../elsewhere.raw", 1))
        assert len(fetch(program, service, tmp_path / "out")[1]) == 1
    assert (tmp_path / "elsewhere.raw").read_bytes() == bytes(FRAME_BYTES)


def test_a_second_process_stops_and_the_first_one_finishes(program, tmp_path):
    release = []

    def held(identifier):
        while not release:
            time.sleep(0.01)

    with FakeService(frames=20, frame=held) as service:
        first = program.start(*arguments(service, tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        service.wait_for("frame", 4)
        second = program.run(*arguments(service, tmp_path))
        assert second.returncode == 74 and "in use" in error_lines(second)[0]
        release.append(True)
        first.communicate(timeout=60)
        assert first.returncode == 0
        assert fetch(program, service, tmp_path)[1] == []
    assert len(output_files(tmp_path)) == 20


def test_an_interrupted_run_is_resumed(program, tmp_path):
    with FakeService(frames=400, frame=lambda i: Answer(200, frame_body(i), delay=0.01)) as service:
        process = program.start(
            *arguments(service, tmp_path, "--connections", "4"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        service.wait_for("frame", 40)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130
    recorded = set(whole_records(tmp_path))
    with FakeService(frames=400) as service:
        counts, asked = fetch(program, service, tmp_path)
    assert counts["resumed"] == len(recorded) > 0 and not set(asked) & recorded


@pytest.mark.parametrize("policy", ["none", "end", "each"])
def test_every_sync_policy_writes_the_same(program, tmp_path, policy):
    with FakeService(frames=15) as service:
        fetch(program, service, tmp_path, "--sync", policy)
        assert fetch(program, service, tmp_path, "--sync", policy)[1] == []
    assert len(output_files(tmp_path)) == 15 and program.run("verify", tmp_path).returncode == 0


def test_recheck_and_no_resume_exclude_each_other(program, tmp_path):
    with FakeService() as service:
        assert program.run(*arguments(service, tmp_path, "--recheck", "--no-resume")).returncode == 64
        assert service.requests == []
