"""A run that is killed after any step goes on there, and the state file is not believed blindly."""

import json

import pytest

from workflow_support import (
    check_frames, error_lines, events_of, leftovers, named, one, run_until, state_of)

STEPS = [
    "began", "creating-stack", "resources", "chosen", "copied", "import-started", "imported", "image-set", "metadata",
    "fetched", "deleted-image-sets", "deleted-objects",
]


@pytest.mark.parametrize("step", STEPS)
def test_killed_after_a_step_it_goes_on(program, tmp_path, step):
    output = tmp_path / "output"
    before = run_until(program, step, "workflow", "--local", "--yes", "--study", "2", "--output", output)
    # Killed before it was kept what to import, the run has to be told again; --yes means the first study.
    study_is_kept = state_of(output).get("source") is not None
    frames = 57 if study_is_kept else 2
    result = program.run("workflow", "--local", "--yes", "--resume", "--output", output, "--json")
    assert result.returncode == 0, result.stderr
    after = events_of(result)
    assert after[0]["event"] == "resumed"
    assert after[-1]["event"] == "finished"
    both = before + after
    # What was done and kept is not done again.
    if step in ("import-started", "imported", "image-set", "metadata", "fetched"):
        assert len({event["jobId"] for event in both if event.get("jobId")}) == 1
    if one(before, "began") and named(both, "fetched"):
        fetched = named(both, "fetched")[-1]["frames"]
        assert fetched["planned"] == frames
        assert fetched["verified"] + fetched["resumed"] == frames
    if named(after, "fetched"):
        check_frames(program, output, after, frames)
    assert leftovers(program, output / "local-store") == ([], False)
    finished = program.run("workflow", "--local", "--yes", "--resume", "--output", output)
    assert finished.returncode == 64
    assert "has ended" in error_lines(finished)[0]


def test_frames_that_are_on_disk_are_not_fetched_again(program, tmp_path):
    output = tmp_path / "output"
    run_until(program, "fetched", "workflow", "--local", "--yes", "--study", "2", "--output", output)
    state = state_of(output)
    # As if the run had been killed just before it kept its result.
    state["phase"] = "described"
    state.pop("frames", None)
    (output / "workflow.json").write_text(json.dumps(state))
    result = program.run("workflow", "--local", "--yes", "--resume", "--output", output, "--json")
    assert result.returncode == 0, result.stderr
    fetched = one(events_of(result), "fetched")["frames"]
    assert (fetched["resumed"], fetched["verified"]) == (57, 0)


def test_a_state_that_is_damaged_or_of_another_place_is_refused_by_name(program, tmp_path):
    output = tmp_path / "output"
    for option in ("--resume", "--clean-up"):
        missing = program.run("workflow", "--local", option, "--output", output)
        assert missing.returncode == 64 and "workflow.json is missing" in error_lines(missing)[0]
        assert not output.exists(), "a run that goes on makes nothing of its own"
    run_until(program, "copied", "workflow", "--local", "--yes", "--study", "1", "--output", output)
    path = output / "workflow.json"
    whole = path.read_text()
    state = json.loads(whole)
    for spoilt in [
        whole[: len(whole) // 2], "", "null", json.dumps({**state, "format": 99}),
        json.dumps({**state, "runID": "../../etc"}), json.dumps({**state, "phase": "fetched"}),
        json.dumps({**state, "jobID": "../../x"}),
    ]:
        path.write_text(spoilt)
        for arguments in (["--resume"], ["--clean-up"], []):
            result = program.run("workflow", "--local", "--yes", *arguments, "--output", output)
            assert result.returncode == 65, (spoilt, result.stderr)
            assert len(error_lines(result)) == 1 and str(path) in error_lines(result)[0]
    path.write_text(whole)
    elsewhere = program.run(
        "workflow", "--yes", "--resume", "--output", output, "--region", "us-east-1", "--no-sign-request")
    assert elsewhere.returncode == 64 and "--local" in error_lines(elsewhere)[0]
    wrong = program.run("workflow", "--local", "--resume", "--study", "2", "--output", output)
    assert wrong.returncode == 64 and "--study" in error_lines(wrong)[0]
    cleaned = program.run("workflow", "--local", "--clean-up", "--output", output)
    assert cleaned.returncode == 0, cleaned.stderr
    assert leftovers(program, output / "local-store") == ([], False)


def test_two_runs_in_one_folder(program, tmp_path):
    output = tmp_path / "output"
    process = program.start("workflow", "--local", "--yes", "--study", "3", "--output", output, "--json",
                            stdout=-1, stderr=-1, text=True)
    try:
        assert json.loads(process.stdout.readline())["event"] == "began"
        second = program.run("workflow", "--local", "--yes", "--output", output)
        assert second.returncode == 74
        assert "another workflow works in" in error_lines(second)[0]
    finally:
        process.kill()
        process.communicate()
