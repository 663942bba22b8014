"""The whole journey on one machine, without a question and without a network."""

import json
import os
import subprocess

import pytest

from workflow_support import (
    MISLEADING, STUDIES, check_frames, error_lines, events_of, leftovers, named, no_secret, one, state_of)


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_goes_all_the_way_and_nothing_is_left(program, tmp_path, study):
    title, frames = STUDIES[study]
    output = tmp_path / "output"
    result = program.run(
        "workflow", "--local", "--yes", "--study", study, "--output", output, "--json", env=MISLEADING, timeout=600)
    assert result.returncode == 0, result.stderr
    events = events_of(result)
    assert one(events, "chosen")["source"].startswith(title)
    assert one(events, "copied")["objects"] == frames
    counts = one(events, "imported")["import"]
    assert (counts["scanned"], counts["imported"], counts["failed"]) == (frames, frames, 0)
    described = named(events, "frame")
    assert len(described) == frames
    for event in described:
        frame = event["frame"]
        assert frame["minPixelValue"] <= frame["maxPixelValue"]
        assert 0 <= frame["fullResolutionChecksum"] < 2**32
        if title.startswith("CT"):
            assert float(frame["rescaleSlope"]) != 0 and float(frame["rescaleIntercept"]) is not None
    folder = check_frames(program, output, events, frames)
    for event in named(events, "metadata"):
        assert open(event["path"], "rb").read(2) == b"\x1f\x8b"
        assert os.path.getsize(event["path"]) == event["bytes"]
        assert str(folder) + "_metadata/" in event["path"]
    assert one(events, "deleted-image-sets")["imageSets"] == len(named(events, "image-set"))
    assert one(events, "deleted-objects")["objects"] >= frames + 1
    assert one(events, "deleted-stack")["stackName"] == "hi-fetch-workflow"
    assert events[-1]["event"] == "finished"
    assert leftovers(program, output / "local-store") == ([], False)
    no_secret(result.stdout, result.stderr, (output / "workflow.json").read_text())


def test_the_text_tells_what_a_person_wants_to_know(program, tmp_path):
    output = tmp_path / "output"
    result = program.run("workflow", "--local", "--yes", "--study", "1", "--output", output)
    assert result.returncode == 0, result.stderr
    state = state_of(output)
    told = [
        "hi-fetch: from DICOM files to verified image frames", "Data store ID: ", "Input bucket: ", "Output bucket: ",
        "Role of the import job: arn:aws:iam::", "CT of chest (2 images)", "2 DICOM files copied", "Job ID: ",
        "2 files scanned, 2 imported, 0 failed", "Image set ID: ", "slope ", "intercept ", "checksum ",
        "2 frames: 2 verified", f"import_job_{state['jobID']}", "image set deleted", "Stack hi-fetch-workflow deleted",
        "This is the end of the workflow.",
    ]
    rest = result.stdout
    for text in told:
        assert text in rest, (text, result.stdout)
        rest = rest[rest.index(text):]


def test_kept_resources_are_told_and_the_next_run_leaves_them(program, tmp_path):
    output = tmp_path / "output"
    first = program.run("workflow", "--local", "--yes", "--keep", "--study", "1", "--output", output, "--json")
    assert first.returncode == 0, first.stderr
    kept = one(events_of(first), "kept")
    datastores, stack = leftovers(program, output / "local-store")
    assert datastores == [kept["datastoreId"]] and stack
    assert f"hi-fetch workflow --clean-up --output {output} --local" in first.stderr
    ended = program.run("workflow", "--local", "--yes", "--resume", "--output", output)
    assert ended.returncode == 64 and "--clean-up" in error_lines(ended)[0]
    # The same resources, named by their ids: the second branch of the first question.
    second = program.run(
        "workflow", "--local", "--yes", "--delete", "--datastore", kept["datastoreId"], "--input-bucket",
        kept["inputBucket"], "--output-bucket", kept["outputBucket"], "--role-arn", kept["roleArn"], "--study", "2",
        "--output", output, "--json")
    assert second.returncode == 0, second.stderr
    events = events_of(second)
    assert one(events, "deleted-image-sets")["imageSets"] == len(named(events, "image-set"))
    assert not named(events, "deleted-stack")
    assert leftovers(program, output / "local-store") == (datastores, True)
    # The first run's state was set aside, not lost.
    assert (output / f"workflow-{kept['runId']}.json").exists()


def test_the_same_files_again_are_another_version_that_stays(program, tmp_path):
    output = tmp_path / "output"
    first = program.run("workflow", "--local", "--yes", "--keep", "--study", "1", "--output", output, "--json")
    assert first.returncode == 0, first.stderr
    kept = one(events_of(first), "kept")
    second = program.run(
        "workflow", "--local", "--yes", "--delete", "--datastore", kept["datastoreId"], "--input-bucket",
        kept["inputBucket"], "--output-bucket", kept["outputBucket"], "--role-arn", kept["roleArn"], "--study", "1",
        "--output", output, "--json")
    assert second.returncode == 0, second.stderr
    events = events_of(second)
    assert {event["version"] for event in named(events, "image-set")} == {2}
    # They were there before this run, so deleting them is not its business.
    assert one(events, "deleted-image-sets")["imageSets"] == 0
    assert one(events, "kept-image-sets")["imageSets"] == len(named(events, "image-set"))


def test_local_dicom_files(program, tmp_path):
    from make_workflow_dicom import write_series
    folder = tmp_path / "dicom"
    write_series(folder, instances=3)
    (folder / "notes.txt").write_text("not DICOM")
    output = tmp_path / "output"
    result = program.run("workflow", "--local", "--yes", "--dicom", folder, "--output", output, "--json")
    assert result.returncode == 0, result.stderr
    events = events_of(result)
    assert one(events, "copied")["objects"] == 3
    check_frames(program, output, events, 3)


def test_dicom_files_named_relative_to_another_folder_are_found_by_a_resumed_run(program, tmp_path):
    from make_workflow_dicom import write_series
    (tmp_path / "here").mkdir()
    write_series(tmp_path / "here" / "dicom", instances=2)
    output = tmp_path / "output"
    command = [program.path, "workflow", "--local", "--dicom", "dicom", "--output", str(output)]
    broken = subprocess.run(
        command, input="y\n\n\n", capture_output=True, text=True, env=program.environment(), cwd=tmp_path / "here",
        timeout=120)
    assert broken.returncode == 65 and state_of(output)["phase"] == "chosen", broken.stderr
    resumed = program.run("workflow", "--local", "--yes", "--resume", "--output", output, "--json", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert one(events_of(resumed), "copied")["objects"] == 2


def test_results_end_in_a_pipe_that_closes(program, tmp_path):
    """`workflow … | head -1` ends; what it made is in the state, and --resume brings it to its end."""
    output = tmp_path / "output"
    command = [program.path, "workflow", "--local", "--yes", "--study", "1", "--output", str(output), "--json"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=program.environment())
    assert json.loads(process.stdout.readline())["event"] == "began"
    process.stdout.close()
    process.stderr.read()
    assert process.wait(timeout=120) != 0
    resumed = program.run("workflow", "--local", "--yes", "--resume", "--output", output, "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert not error_lines(resumed)
    assert leftovers(program, output / "local-store") == ([], False)
