"""The guided workflow at a terminal and on a pipe: questions in their order, both branches, Ctrl-C, the clean-up."""

import subprocess

from workflow_support import Terminal, error_lines, events_of, leftovers, no_secret, one, state_of


def answer_until_frames(terminal, study="1"):
    terminal.answer(r"Which study\? \(1-4\) ", study)
    for what in ["copy the files", "start the import job", "read the job's manifest", "download the metadata",
                 "fetch the frames"]:
        terminal.answer(rf"Press Enter to {what}\. ", "")


def test_with_a_stack_and_the_deletion_at_the_end(program, tmp_path):
    output = tmp_path / "output"
    with Terminal(program, "workflow", "--local", "--output", output) as terminal:
        terminal.expect("from DICOM files to verified image frames")
        terminal.answer(r"Create the resources with a CloudFormation stack\? \(y/n\) ", "perhaps")
        terminal.expect("That is not an answer: y or n")
        terminal.answer(r"stack\? \(y/n\) ", "y")
        terminal.answer(r"Name of the stack \[hi-fetch-workflow\]: ", "my-stack")
        terminal.answer(r"Name of the data store \[hi_fetch_workflow\]: ", "")
        for name in ["Data store ID: [0-9a-z]{32}", "Input bucket: ", "Output bucket: ", "Role of the import job: "]:
            terminal.expect(name)
        for title in ["CT of chest", "CT of pelvis", "MRI of head", "MRI of breast"]:
            terminal.expect(title)
        answer_until_frames(terminal)
        terminal.expect("2 frames: 2 verified")
        terminal.answer(r"Delete what this run made\? \(y/n\) ", "y")
        terminal.expect("Stack my-stack deleted")
        terminal.expect("This is the end of the workflow")
        assert terminal.end() == 0
        no_secret(terminal.text)
    assert leftovers(program, output / "local-store")[0] == []


def test_without_a_stack_on_existing_resources_and_kept(program, tmp_path):
    output = tmp_path / "output"
    first = program.run("workflow", "--local", "--yes", "--keep", "--study", "1", "--output", output, "--json")
    assert first.returncode == 0, first.stderr
    kept = one(events_of(first), "kept")
    with Terminal(program, "workflow", "--local", "--output", output) as terminal:
        terminal.answer(r"CloudFormation stack\? \(y/n\) ", "n")
        terminal.answer("ID of the data store: ", "nonsense")
        terminal.expect("That is not the id of a data store")
        terminal.answer("ID of the data store: ", kept["datastoreId"])
        terminal.answer("Name of the input bucket: ", kept["inputBucket"])
        terminal.answer("Name of the output bucket: ", kept["outputBucket"])
        terminal.answer("ARN of the import job's role: ", kept["roleArn"])
        answer_until_frames(terminal, "4")
        terminal.expect("92 frames: 92 verified")
        terminal.answer(r"Delete what this run made\? \(y/n\) ", "n")
        terminal.expect("Everything stays where it is")
        assert terminal.end() == 0


def test_ctrl_c_says_what_exists_and_cleans_up_if_wanted(program, tmp_path):
    output = tmp_path / "output"
    with Terminal(program, "workflow", "--local", "--output", output) as terminal:
        terminal.answer(r"CloudFormation stack\? \(y/n\) ", "y")
        terminal.answer("Name of the stack ", "")
        terminal.answer("Name of the data store ", "")
        terminal.answer(r"Which study\? \(1-4\) ", "2")
        terminal.expect(r"Press Enter to copy the files\. ")
        terminal.interrupt()
        # At the beginning of a line, not behind the question.
        terminal.expect(r"\r\nhi-fetch: error: interrupted")
        terminal.expect("What this run has made exists:")
        terminal.expect("Stack hi-fetch-workflow: arn:")
        terminal.expect("Bucket ")
        terminal.answer(r"Delete it now\? \(y/n\) ", "y")
        terminal.expect("Stack hi-fetch-workflow deleted")
        assert terminal.end() == 130
    assert leftovers(program, output / "local-store") == ([], False)


def test_ctrl_c_and_no_clean_up_prints_the_commands_which_work(program, tmp_path):
    output = tmp_path / "an output"
    with Terminal(program, "workflow", "--local", "--output", output) as terminal:
        terminal.answer(r"CloudFormation stack\? \(y/n\) ", "y")
        terminal.answer("Name of the stack ", "")
        terminal.answer("Name of the data store ", "")
        terminal.expect(r"Which study\? ")
        terminal.interrupt()
        terminal.answer(r"Delete it now\? \(y/n\) ", "n")
        terminal.expect(r"To go on:  hi-fetch workflow --resume --output '.*an output' --local")
        terminal.expect(r"To delete: hi-fetch workflow --clean-up --output '.*an output' --local")
        assert terminal.end() == 130
    assert len(leftovers(program, output / "local-store")[0]) == 1
    cleaned = program.run("workflow", "--clean-up", "--output", output, "--local")
    assert cleaned.returncode == 0, cleaned.stderr
    assert leftovers(program, output / "local-store") == ([], False)
    again = program.run("workflow", "--clean-up", "--output", output, "--local")
    assert again.returncode == 0
    assert "nothing is left to do" in again.stderr


def test_ctrl_d_ends_the_run_but_the_clean_up_is_asked_and_waited_for(program, tmp_path):
    output = tmp_path / "output"
    with Terminal(program, "workflow", "--local", "--output", output) as terminal:
        terminal.answer(r"CloudFormation stack\? \(y/n\) ", "y")
        terminal.answer("Name of the stack ", "")
        terminal.answer("Name of the data store ", "")
        terminal.expect(r"Which study\? \(1-4\) ")
        terminal.end_of_input()
        terminal.expect("the input ended where an answer was expected")
        terminal.answer(r"Delete it now\? \(y/n\) ", "y")
        terminal.expect("Stack hi-fetch-workflow deleted")
        assert terminal.end() == 65
    assert leftovers(program, output / "local-store") == ([], False)


def test_on_a_pipe_that_answers_everything(program, tmp_path):
    output = tmp_path / "output"
    answers = "y\n\n\n1\n" + "\n" * 5 + "y\n"
    result = subprocess.run(
        [program.path, "workflow", "--local", "--output", str(output)], input=answers, capture_output=True, text=True,
        env=program.environment(), timeout=300)
    assert result.returncode == 0, result.stderr
    assert "This is the end of the workflow." in result.stdout
    assert leftovers(program, output / "local-store") == ([], False)


def test_a_pipe_that_ends_early_is_a_clear_end(program, tmp_path):
    output = tmp_path / "output"
    for answers, missing in [("", "--yes"), ("maybe\nperhaps\n", "--yes"), ("y\nstack\n", "--datastore-name")]:
        result = subprocess.run(
            [program.path, "workflow", "--local", "--output", str(output)], input=answers, capture_output=True,
            text=True, env=program.environment(), timeout=120)
        assert result.returncode == 65
        assert len(error_lines(result)) == 1 and missing in error_lines(result)[0]
    # With a stack made by then, it says what exists and how to get rid of it, and asks nothing.
    result = subprocess.run(
        [program.path, "workflow", "--local", "--output", str(output)], input="y\n\n\n", capture_output=True, text=True,
        env=program.environment(), timeout=120)
    assert result.returncode == 65
    assert "Stack hi-fetch-workflow: arn:" in result.stderr
    assert "--clean-up" in result.stderr
    assert state_of(output)["phase"] == "prepared"
    refused = program.run("workflow", "--local", "--yes", "--output", output)
    assert refused.returncode == 64
    assert "--resume" in error_lines(refused)[0] and "--clean-up" in error_lines(refused)[0]
    cleaned = program.run("workflow", "--local", "--clean-up", "--output", output)
    assert cleaned.returncode == 0, cleaned.stderr
    assert leftovers(program, output / "local-store") == ([], False)
