"""What can go wrong on the way: one clear message, the right exit status, the resources named, nothing leaked."""

import json
import subprocess

import pytest

from scripted_proxy import rolled_back
from workflow_support import error_lines, events_of, named, one, one_error, state_of


def run(program, url, output, *arguments):
    return program.run(
        "workflow", "--endpoint-url", url, "--no-sign-request", "--yes", "--study", "1", "--output", output,
        *arguments, "--json", timeout=300)


def clean_up(program, served, output):
    result = program.run(
        "workflow", "--clean-up", "--endpoint-url", served.url, "--no-sign-request", "--output", output)
    assert result.returncode == 0, result.stderr
    listed = program.run("hello", "--endpoint-url", served.url, "--no-sign-request", "--json")
    assert listed.stdout == "", "a data store is left"


def test_the_stack_exists_and_stays(program, served, tmp_path):
    first = run(program, served.url, tmp_path / "a", "--keep")
    assert first.returncode == 0, first.stderr
    kept = one(events_of(first), "kept")
    result = run(program, served.url, tmp_path / "b")
    one_error(result, 65, "hi-fetch-workflow", "already")
    assert "What this run has made" not in result.stderr
    # Not even the clean-up of the second run touches the first one's stack.
    cleaned = program.run("workflow", "--clean-up", "--endpoint-url", served.url, "--no-sign-request",
                          "--output", tmp_path / "b")
    assert cleaned.returncode == 0, cleaned.stderr
    listed = program.json_lines("hello", "--endpoint-url", served.url, "--no-sign-request")
    assert [line["datastoreId"] for line in listed] == [kept["datastoreId"]]


@pytest.mark.parametrize("resource, kind, reason", [
    ("Datastore", "AWS::HealthImaging::Datastore", "Limit exceeded: 10 data stores"),
    ("InputBucket", "AWS::S3::Bucket", "my-input-bucket already exists"),
])
def test_the_stack_rolls_back_and_its_reason_is_shown(program, proxy, tmp_path, resource, kind, reason):
    stack, events = rolled_back("hi-fetch-workflow", resource, kind, reason)
    proxy.answer("DescribeStacks", 200, stack, {"Content-Type": "text/xml"})
    proxy.answer("DescribeStackEvents", 200, events, {"Content-Type": "text/xml"})
    result = run(program, proxy.url, tmp_path / "output")
    one_error(result, 69, "hi-fetch-workflow", "ROLLBACK_COMPLETE", resource, reason)
    assert "Stack hi-fetch-workflow" in result.stderr and "--clean-up" in result.stderr
    assert one(events_of(result), "broken")["exitStatus"] == 69


def test_the_role_cannot_be_assumed(program, proxy, served, tmp_path):
    message = "The role arn:aws:iam::123456789012:role/x cannot be assumed by medical-imaging.amazonaws.com"
    proxy.answer(
        "StartDICOMImportJob", 403, json.dumps({"message": message}).encode(),
        {"Content-Type": "application/json", "x-amzn-errortype": "AccessDeniedException"})
    output = tmp_path / "output"
    result = run(program, proxy.url, output)
    one_error(result, 77, "StartDICOMImportJob", "cannot be assumed")
    for text in ["What this run has made exists:", "Stack hi-fetch-workflow", "Data store ", "Bucket ", "2 objects below s3://"]:
        assert text in result.stderr
    clean_up(program, served, output)


def test_the_source_is_empty(program, served, tmp_path):
    output = tmp_path / "output"
    result = program.run(
        "workflow", "--endpoint-url", served.url, "--no-sign-request", "--yes", "--source-bucket", "idc-open-data",
        "--source-prefix", "nothing-is-here/", "--output", output)
    one_error(result, 65, "idc-open-data", "nothing-is-here/")
    clean_up(program, served, output)
    missing = program.run(
        "workflow", "--endpoint-url", served.url, "--no-sign-request", "--yes", "--source-bucket", "no-such-bucket",
        "--output", output)
    one_error(missing, 65, "no-such-bucket")
    clean_up(program, served, output)


def test_the_job_fails(program, proxy, served, tmp_path):
    def fail(body):
        answer = json.loads(body)
        answer["jobProperties"]["jobStatus"] = "FAILED"
        answer["jobProperties"]["message"] = "The bucket could not be read with the role."
        return json.dumps(answer).encode()

    proxy.change("GetDICOMImportJob", fail)
    output = tmp_path / "output"
    result = run(program, proxy.url, output)
    one_error(result, 69, "import job", "could not be read with the role")
    assert state_of(output)["phase"] == "copied"
    # The cause is gone: a new job is started and the run goes to its end.
    proxy.allow_all()
    resumed = program.run(
        "workflow", "--resume", "--endpoint-url", proxy.url, "--no-sign-request", "--yes", "--output", output, "--json")
    assert resumed.returncode == 0, resumed.stderr


def test_half_of_the_files_are_no_dicom(program, served, tmp_path):
    import boto3
    from botocore.config import Config
    from make_workflow_dicom import write_series

    s3 = boto3.client(
        "s3", endpoint_url=served.url, region_name="us-east-1", aws_access_key_id="A", aws_secret_access_key="B",
        config=Config(s3={"addressing_style": "path"}))
    s3.create_bucket(Bucket="mixed-files")
    for path in write_series(tmp_path / "dicom", instances=3):
        s3.upload_file(str(path), "mixed-files", f"a study/{path.name}")
    for number in range(3):
        s3.put_object(Bucket="mixed-files", Key=f"a study/note {number}.txt", Body=b"this is no DICOM file" * 20)
    output = tmp_path / "output"
    result = program.run(
        "workflow", "--endpoint-url", served.url, "--no-sign-request", "--yes", "--source-bucket", "mixed-files",
        "--source-prefix", "a study/", "--output", output, "--json")
    one_error(result, 1, "3 of 6 files were not imported")
    events = events_of(result)
    counts = one(events, "imported")["import"]
    assert (counts["scanned"], counts["imported"], counts["failed"]) == (6, 3, 3)
    assert len(counts["failures"]) == 3
    for failure in counts["failures"]:
        assert "note" in failure["key"] and failure["kind"] and failure["message"]
    assert one(events, "fetched")["frames"]["verified"] == 3
    assert events[-1]["event"] == "finished"


def test_the_manifest_comes_late(program, proxy, tmp_path):
    body = b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"
    proxy.answer("GetObject", 404, body, {"Content-Type": "application/xml"}, times=2, where="job-output-manifest.json")
    result = run(program, proxy.url, tmp_path / "output")
    assert result.returncode == 0, result.stderr
    assert proxy.calls.count("GetObject") >= 3


@pytest.mark.parametrize("operation, status", [
    ("GetCallerIdentity", 77), ("CreateStack", 77), ("DescribeStacks", 77), ("ListObjectsV2", 77), ("CopyObject", 77),
    ("StartDICOMImportJob", 77), ("GetDICOMImportJob", 77), ("GetObject", 77), ("GetImageSetMetadata", 77),
    ("GetImageFrame", 77), ("SearchImageSets", 77), ("DeleteImageSet", 77), ("ListObjectVersions", 77),
    ("DeleteObjects", 77), ("DeleteStack", 77),
])
def test_no_permission_for_one_step(program, proxy, served, tmp_path, operation, status):
    proxy.deny(operation)
    output = tmp_path / "output"
    result = run(program, proxy.url, output)
    one_error(result, status, operation)
    proxy.allow_all()
    if operation in ("GetCallerIdentity", "CreateStack"):
        assert "What this run has made" not in result.stderr
        return
    assert "What this run has made exists:" in result.stderr
    resumed = program.run(
        "workflow", "--resume", "--endpoint-url", proxy.url, "--no-sign-request", "--yes", "--output", output, "--json")
    assert resumed.returncode == 0, resumed.stderr
    events = events_of(resumed)
    assert named(events, "deleted-stack")
    listed = program.run("hello", "--endpoint-url", served.url, "--no-sign-request", "--json")
    assert listed.stdout == ""


def test_a_service_that_is_not_there_leaves_nothing_in_doubt(program, served, tmp_path):
    output = tmp_path / "output"
    result = run(program, "http://127.0.0.1:1", output)
    one_error(result, 69, "127.0.0.1:1")
    assert "What this run has made" not in result.stderr
    # No stack was asked for, so the folder is free for the next run.
    again = run(program, served.url, output)
    assert again.returncode == 0, again.stderr


@pytest.fixture
def small_volume(tmp_path):
    """A file system of 400 KiB; calling it makes it 64 MiB."""
    place = tmp_path / "volume"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", place], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"NO FULL DISK WAS TESTED: mounting a small tmpfs was refused ({mounted.stderr.strip()})")
    yield lambda: subprocess.run(["mount", "-o", "remount,size=64m", place], check=True)
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_disk_that_is_too_small_is_74_with_one_message_and_the_run_can_go_on(program, small_volume, tmp_path):
    output = tmp_path / "volume" / "output"
    result = program.run("workflow", "--local", "--yes", "--study", "1", "--output", output, "--json")
    one_error(result, 74, "disk of the local data store is full")
    assert "What this run has made exists:" in result.stderr
    small_volume()
    resumed = program.run("workflow", "--local", "--yes", "--resume", "--output", output, "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert named(events_of(resumed), "deleted-stack")


def test_a_disk_too_small_for_the_frames_is_74_and_names_the_place(program, served, small_volume, tmp_path):
    output = tmp_path / "volume" / "output"
    result = run(program, served.url, output)
    one_error(result, 74, "import_job_", "free")
    assert state_of(output)["phase"] == "described"
    clean_up(program, served, output)


def test_options_that_do_not_go_together(program, tmp_path):
    for arguments, word in [
        (["--local", "--endpoint-url", "http://127.0.0.1:1"], "--endpoint-url"), (["--study", "5"], "--study"),
        (["--study", "0"], "--study"), (["--keep", "--delete"], "--keep"), (["--resume", "--clean-up"], "--resume"),
        (["--source-prefix", "x"], "--source-prefix"), (["--study", "1", "--dicom", "x"], "--dicom"),
        (["--stack-name", "x", "--input-bucket", "bucket"], "--input-bucket"),
        (["--yes", "--input-bucket", "bucket"], "--datastore"),
    ]:
        result = program.run("workflow", *arguments, "--output", tmp_path / "output")
        assert result.returncode == 64, (arguments, result.stderr)
        assert word in result.stderr


def test_names_that_cannot_be(program, tmp_path):
    for arguments, word in [
        (["--stack-name", "1 stack"], "1 stack"), (["--datastore-name", "a b"], "a b"),
        (["--dicom", tmp_path / "nowhere"], "nowhere"),
    ]:
        output = tmp_path / f"output-{word.replace(' ', '-')}"
        result = program.run("workflow", "--local", "--yes", *arguments, "--output", output)
        assert result.returncode in (64, 65), result.stderr
        assert len(error_lines(result)) == 1 and word in error_lines(result)[0]


def test_the_output_folder_cannot_be_made(program, tmp_path):
    (tmp_path / "file").write_text("x")
    result = program.run("workflow", "--local", "--yes", "--output", tmp_path / "file" / "output")
    assert result.returncode == 74
    assert str(tmp_path / "file" / "output") in error_lines(result)[0]
