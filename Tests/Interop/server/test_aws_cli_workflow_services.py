"""The `aws` command line at the buckets, stacks and roles of `hi-fetch local serve`, over HTTP and TLS, signed."""

import hashlib
import json
import os
import secrets

from built_program import TEMPLATE


def test_buckets_and_objects_by_aws_s3(aws_cli, tmp_path):
    name = "cli-" + secrets.token_hex(6)
    aws_cli("s3", "mb", f"s3://{name}")
    tree = tmp_path / "tree"
    (tree / "sub dir").mkdir(parents=True)
    files = {"plain": b"x", "sub dir/a+b %ü.dcm": b"odd", "large": os.urandom(1 << 20) * 20, "empty": b""}
    for file, content in files.items():
        (tree / file).write_bytes(content)
    aws_cli("s3", "cp", "--recursive", "--no-progress", tree, f"s3://{name}/in")
    listed = aws_cli("s3", "ls", "--recursive", f"s3://{name}/in/")
    for file, content in files.items():
        assert any(line.split(None, 3)[2:] == [str(len(content)), "in/" + file] for line in listed.splitlines()), file
    assert "PRE sub dir/" in aws_cli("s3", "ls", f"s3://{name}/in/")
    back = tmp_path / "back"
    aws_cli("s3", "sync", "--no-progress", f"s3://{name}/in", back)
    for file, content in files.items():
        assert (back / file).read_bytes() == content
    aws_cli("s3", "cp", "--recursive", "--no-progress", f"s3://{name}/in", f"s3://{name}/copy")
    assert aws_cli("s3", "cp", f"s3://{name}/copy/sub dir/a+b %ü.dcm", "-") == "odd"
    assert "BucketNotEmpty" in aws_cli("s3", "rb", f"s3://{name}", fails=True)
    aws_cli("s3", "rm", "--recursive", f"s3://{name}")
    aws_cli("s3", "rb", f"s3://{name}")
    assert name not in aws_cli("s3", "ls")


def test_the_verbs_of_aws_s3api(aws_cli, tmp_path):
    name = "api-" + secrets.token_hex(6)
    aws_cli("s3api", "create-bucket", "--bucket", name)
    body = tmp_path / "body"
    body.write_bytes(b"0123456789")
    tag = aws_cli("s3api", "put-object", "--bucket", name, "--key", "a b/+", "--body", body, "--metadata", "m=1")["ETag"]
    assert tag == f'"{hashlib.md5(b"0123456789").hexdigest()}"'
    got = aws_cli("s3api", "get-object", "--bucket", name, "--key", "a b/+", "--range", "bytes=2-4", tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == b"234" and got["ContentRange"] == "bytes 2-4/10"
    head = aws_cli("s3api", "head-object", "--bucket", name, "--key", "a b/+")
    assert (head["ContentLength"], head["Metadata"]) == (10, {"m": "1"})
    aws_cli("s3api", "copy-object", "--bucket", name, "--key", "copy", "--copy-source", f"{name}/a b/+")
    listed = aws_cli("s3api", "list-objects-v2", "--bucket", name, "--delimiter", "/")
    assert [each["Key"] for each in listed["Contents"]] == ["copy"]
    assert [each["Prefix"] for each in listed["CommonPrefixes"]] == ["a b/"]
    versions = aws_cli("s3api", "list-object-versions", "--bucket", name)["Versions"]
    objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]
    deleted = aws_cli("s3api", "delete-objects", "--bucket", name, "--delete", json.dumps({"Objects": objects}))
    assert {each["Key"] for each in deleted["Deleted"]} == {"a b/+", "copy"}
    aws_cli("s3api", "delete-bucket", "--bucket", name)
    assert "Not Found" in aws_cli("s3api", "head-bucket", "--bucket", name, fails=True)
    assert "NoSuchBucket" in aws_cli("s3api", "list-objects-v2", "--bucket", name, fails=True)


def test_a_stack_from_our_template(aws_cli):
    name = "cli-" + secrets.token_hex(6)
    stack = aws_cli(
        "cloudformation", "create-stack", "--stack-name", name, "--template-body", TEMPLATE.as_uri(),
        "--capabilities", "CAPABILITY_IAM", "--parameters", "ParameterKey=datastoreName,ParameterValue=from-the-cli",
        "ParameterKey=userAccountID,ParameterValue=123456789012")["StackId"]
    aws_cli("cloudformation", "wait", "stack-create-complete", "--stack-name", name)
    described = aws_cli("cloudformation", "describe-stacks", "--stack-name", name)["Stacks"][0]
    assert described["StackStatus"] == "CREATE_COMPLETE"
    assert len(described["Outputs"]) == 4
    events = aws_cli("cloudformation", "describe-stack-events", "--stack-name", name)["StackEvents"]
    assert events[0]["ResourceStatus"] == "CREATE_COMPLETE" and events[-1]["ResourceStatusReason"] == "User Initiated"
    aws_cli("cloudformation", "delete-stack", "--stack-name", name)
    aws_cli("cloudformation", "wait", "stack-delete-complete", "--stack-name", stack)
    assert "does not exist" in aws_cli("cloudformation", "describe-stacks", "--stack-name", name, fails=True)
    validated = aws_cli("cloudformation", "validate-template", "--template-body", TEMPLATE.as_uri())
    assert {each["ParameterKey"] for each in validated["Parameters"]} == {"datastoreName", "userAccountID"}


def test_roles(aws_cli):
    assert aws_cli("sts", "get-caller-identity")["Account"] == "123456789012"
    issued = aws_cli(
        "sts", "assume-role", "--role-arn", "arn:aws:iam::123456789012:role/r", "--role-session-name", "cli")["Credentials"]
    as_role = {"key": issued["AccessKeyId"], "secret": issued["SecretAccessKey"], "token": issued["SessionToken"]}
    assert aws_cli("sts", "get-caller-identity", **as_role)["Arn"].endswith(":assumed-role/r/cli")
    assert isinstance(aws_cli("s3api", "list-buckets", **as_role)["Buckets"], list)


def test_a_wrong_secret_is_refused_by_each_service(aws_cli):
    for command in [("s3api", "list-buckets"), ("cloudformation", "describe-stacks"), ("sts", "get-caller-identity")]:
        assert "SignatureDoesNotMatch" in aws_cli(*command, secret="wrong", fails=True), command
