"""`hi-fetch copy` against moto and against SeaweedFS, which checks signatures."""

import uuid

import pytest
from built_program import KEY, SECRET

from aws_support import SeaweedFS, keys, write_dicom

# Bytes that SigV4, URLs and XML treat in different ways.
AWKWARD = ["plain.dcm", "a b.dcm", "a+b.dcm", "100%.dcm", "größe.dcm", "日本/é.dcm", "q?x=1&y=2#z.dcm", "a~b-c_d.dcm",
           "'quoted' (1)!*.dcm", "deep/er/and/deeper/file", "%41.dcm", "<&>.dcm", "semi;colon,comma=@:$.dcm"]


@pytest.fixture
def bucket(s3):
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3.client().create_bucket(Bucket=name) if isinstance(s3, SeaweedFS) else s3.client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def client(s3):
    return s3.client() if isinstance(s3, SeaweedFS) else s3.client("s3")


def summary(lines):
    assert lines[-1]["event"] == "summary"
    return {key: lines[-1][key] for key in ("copied", "skipped", "failed", "notDicom")}


def counts(copied=0, skipped=0, failed=0, not_dicom=0):
    return {"copied": copied, "skipped": skipped, "failed": failed, "notDicom": not_dicom}


@pytest.fixture
def folder(tmp_path):
    """Files with awkward names, and two that are not DICOM: (folder, {name: bytes})."""
    root = tmp_path / "files"
    files = {name: write_dicom(root / name, f"content of {name}") for name in AWKWARD}
    (root / "notes.txt").write_text("not DICOM")
    (root / "deep" / "short").write_bytes(b"DICM")
    return root, files


def test_files_arrive_byte_for_byte_and_the_copy_goes_on(s3, client, program, bucket, folder):
    root, files = folder
    run = program(s3)
    first = run.json_lines("copy", root, "--to", f"s3://{bucket}/in put/")
    assert summary(first) == counts(copied=len(files), not_dicom=2)
    assert {line["path"] for line in first if line["event"] == "not-dicom"} == {
        f"{root}/notes.txt", f"{root}/deep/short"}
    assert sorted(keys(client, bucket)) == sorted(f"in put/{name}" for name in files)
    for name, content in files.items():
        assert client.get_object(Bucket=bucket, Key=f"in put/{name}")["Body"].read() == content

    files["a b.dcm"] = write_dicom(root / "a b.dcm", "CONTENT of a b.dcm")
    client.delete_object(Bucket=bucket, Key="in put/<&>.dcm")
    second = run.json_lines("copy", root, "--to", f"s3://{bucket}/in put")
    assert summary(second) == counts(copied=2, skipped=len(files) - 2, not_dicom=2)
    assert client.get_object(Bucket=bucket, Key="in put/a b.dcm")["Body"].read() == files["a b.dcm"]


def test_objects_are_copied_within_s3(s3, client, program, bucket, folder):
    root, files = folder
    run = program(s3)
    run.json_lines("copy", root, "--to", f"s3://{bucket}/first")
    lines = run.json_lines("copy", f"s3://{bucket}/first", "--to", f"s3://{bucket}/second/copy")
    assert summary(lines) == counts(copied=len(files))
    for name, content in files.items():
        assert client.get_object(Bucket=bucket, Key=f"second/copy/{name}")["Body"].read() == content
    again = run.json_lines("copy", f"s3://{bucket}/first/", "--to", f"s3://{bucket}/second/copy/")
    assert summary(again) == counts(skipped=len(files))
    one = run.json_lines("copy", f"s3://{bucket}/first/100%.dcm", "--to", f"s3://{bucket}/one")
    assert summary(one) == counts(copied=1)
    assert keys(client, bucket, "one/") == ["one/100%.dcm"]


def test_more_objects_than_a_page_holds(s3, client, program, bucket):
    for index in range(1_050):
        client.put_object(Bucket=bucket, Key=f"many/{index:04}", Body=b"x" * (index % 7))
    lines = program(s3).json_lines("copy", f"s3://{bucket}/many", "--to", f"s3://{bucket}/all", "--concurrency", "64")
    assert summary(lines) == counts(copied=1_050)
    assert len(keys(client, bucket, "all/")) == 1_050


def test_a_prefix_without_objects(s3, program, bucket):
    error = program(s3).fails(65, "copy", f"s3://{bucket}/nothing/here", "--to", f"s3://{bucket}/x")
    assert "nothing/here" in error and bucket in error


def test_a_bucket_that_is_not_there(s3, program, bucket, folder, client):
    run = program(s3)
    absent = f"absent-{uuid.uuid4().hex[:12]}"
    error = run.fails(65, "copy", folder[0], "--to", f"s3://{absent}/x")
    assert absent in error and "--create-bucket" in error
    assert absent in run.fails(65, "copy", f"s3://{absent}/x", "--to", f"s3://{bucket}/x")
    lines = run.json_lines("copy", folder[0], "--to", f"s3://{absent}/x", "--create-bucket")
    assert summary(lines)["copied"] == len(folder[1])
    assert len(keys(client, absent)) == len(folder[1])


def test_a_folder_without_dicom_files(s3, program, bucket, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("text")
    assert "other" in program(s3).fails(65, "copy", tmp_path / "other", "--to", f"s3://{bucket}/x")
    assert "notes.txt" in program(s3).fails(65, "copy", tmp_path / "other/notes.txt", "--to", f"s3://{bucket}/x")
    assert "absent" in program(s3).fails(65, "copy", tmp_path / "absent", "--to", f"s3://{bucket}/x")


@pytest.mark.parametrize("arguments", [
    [], ["s3://b"], ["x", "s3://bucket/x"], ["s3://bucket/x", "s3://bucket/y"], ["--idc-study", "5"],
    ["--idc-study", "1", "x"], ["x", "--concurrency", "0"], ["x", "--timeout", "0"],
])
def test_command_lines_that_make_no_sense(moto, program, arguments):
    program(moto).fails(64, "copy", *arguments, "--to", "s3://bucket/x")


def test_a_public_study(moto, program):
    client = moto.client("s3")
    client.create_bucket(Bucket="idc-open-data")
    client.create_bucket(Bucket="target-of-study")
    for name in ("one.dcm", "two.dcm"):
        client.put_object(Bucket="idc-open-data", Key=f"00029d25-fb18-4d42-aaa5-a0897d1ac8f7/{name}", Body=b"x")
    lines = program(moto).json_lines("copy", "--idc-study", "1", "--to", "s3://target-of-study/chest")
    assert summary(lines) == counts(copied=2)
    assert keys(client, "target-of-study") == ["chest/one.dcm", "chest/two.dcm"]


def test_a_bucket_is_made_in_the_region_of_the_settings(moto, program, folder):
    program(moto, AWS_REGION="eu-west-1").json_lines(
        "copy", folder[0], "--to", "s3://made-in-ireland/x", "--create-bucket")
    location = moto.client("s3").get_bucket_location(Bucket="made-in-ireland")["LocationConstraint"]
    assert location == "eu-west-1"


def test_a_wrong_secret_is_refused(seaweedfs, program, folder):
    run = program(seaweedfs, secret="another-secret-that-must-not-show")
    error = run.fails(77, "copy", folder[0], "--to", "s3://any-bucket/x")
    assert "SignatureDoesNotMatch" in error and "any-bucket" in error
    run = program(seaweedfs, key="UNKNOWNKEY")
    assert "InvalidAccessKeyId" in run.fails(77, "copy", folder[0], "--to", "s3://any-bucket/x")


def test_a_role_that_seaweedfs_gives_copies_and_a_wrong_secret_gets_none(seaweedfs, program, folder, tmp_path):
    client = seaweedfs.client()
    client.create_bucket(Bucket="of-a-role")
    (tmp_path / ".aws").mkdir()

    def run(secret):
        (tmp_path / ".aws" / "config").write_text(
            f"[profile base]\naws_access_key_id = {KEY}\naws_secret_access_key = {secret}\n"
            f"[profile role]\nrole_arn = {SeaweedFS.ROLE}\nsource_profile = base\n")
        return program(seaweedfs, key=None, secret=secret, AWS_PROFILE="role")

    lines = run(SECRET).json_lines("copy", folder[0], "--to", "s3://of-a-role/x")
    assert summary(lines)["copied"] == len(folder[1]) == len(keys(client, "of-a-role"))
    error = run("another-secret-that-must-not-show").fails(77, "copy", folder[0], "--to", "s3://of-a-role/y")
    assert "AssumeRole" in error and "SignatureDoesNotMatch" in error and SeaweedFS.ROLE in error


def test_no_permission_to_write(seaweedfs, program, folder):
    client = seaweedfs.client()
    client.create_bucket(Bucket="read-only-bucket")
    run = program(seaweedfs, key=SeaweedFS.READER_KEY, secret=SeaweedFS.READER_SECRET)
    error = run.fails(77, "copy", folder[0], "--to", "s3://read-only-bucket/x")
    assert "AccessDenied" in error and "read-only-bucket" in error
    assert keys(client, "read-only-bucket") == []


def test_a_file_too_large_is_refused_before_anything_is_copied(moto, program, folder):
    root, _ = folder
    client = moto.client("s3")
    client.create_bucket(Bucket="too-large")
    with open(root / "huge.dcm", "wb") as huge:
        huge.write(bytes(128) + b"DICM")
        huge.truncate((5 << 30) + 1)  # Sparse: it takes no room.
    error = program(moto).fails(65, "copy", root, "--to", "s3://too-large/x")
    assert "huge.dcm" in error and "5 GiB" in error
    assert keys(client, "too-large") == []
