"""`hi-fetch stack` against moto's CloudFormation, S3 and STS, with the HealthImaging resource type."""

import json
import re
import uuid

import pytest
from botocore.exceptions import ClientError

from built_program import KEY, SECRET
from aws_support import Moto, Program

# What earlier versions of the scenario made: one bucket for both, and its name in one output.
OLDER_TEMPLATE = """
Resources:
  Datastore: {Type: AWS::HealthImaging::Datastore, Properties: {DatastoreName: old}}
  Bucket: {Type: AWS::S3::Bucket}
Outputs:
  BucketName: {Value: !Ref Bucket}
  RoleArn: {Value: arn:aws:iam::123456789012:role/old}
  DatastoreID: {Value: !GetAtt Datastore.DatastoreId}
"""


@pytest.fixture
def name():
    return f"stack-{uuid.uuid4().hex[:12]}"


def create(program, name, *options, datastore="store"):
    (line,) = program.json_lines("stack", "create", name, "--datastore-name", datastore, *options)
    return line


def bucket_exists(client, bucket):
    try:
        client.head_bucket(Bucket=bucket)
        return True
    except ClientError:
        return False


def test_the_life_of_a_stack(moto, program, name):
    run = program(moto)
    made = create(run, name)
    assert (made["event"], made["stackName"], made["status"], made["reused"]) == (
        "stack", name, "CREATE_COMPLETE", False)
    assert re.fullmatch("[0-9a-f]{32}", made["datastoreId"])
    assert re.fullmatch(r"arn:aws:iam::123456789012:role/[\w+=,.@-]+", made["roleArn"])

    # The account is the caller's own, as STS told it, and the role may be assumed for it alone.
    role = moto.client("iam").get_role(RoleName=made["roleArn"].rsplit("/", 1)[1])["Role"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    assert trust["Condition"]["ArnEquals"]["aws:SourceArn"].endswith(f":datastore/{made['datastoreId']}")

    (shown,) = run.json_lines("stack", "show", name)
    assert shown == {key: value for key, value in made.items() if key != "reused"}
    text = run.run("stack", "show", name).stdout
    for value in (made["datastoreId"], made["inputBucketName"], made["outputBucketName"], made["roleArn"]):
        assert value in text

    (deleted,) = run.json_lines("stack", "delete", name, "--yes")
    assert deleted == {"event": "deleted", "stackName": name, "existed": True, "objects": 0}
    client = moto.client("s3")
    assert not bucket_exists(client, made["inputBucketName"])
    assert not bucket_exists(client, made["outputBucketName"])
    assert run.json_lines("stack", "delete", name, "--yes")[0]["existed"] is False
    assert name in run.fails(65, "stack", "show", name)


def test_a_stack_of_that_name(moto, program, name):
    run = program(moto)
    made = create(run, name)
    error = run.fails(65, "stack", "create", name, "--datastore-name", "other")
    assert name in error and "--reuse" in error and "CREATE_COMPLETE" in error
    again = create(run, name, "--reuse")
    assert again == {**made, "reused": True}
    run.json_lines("stack", "delete", name, "--yes")


def test_a_stack_that_rolls_back_says_why(moto, program, name):
    run = program(moto)
    error = run.fails(69, "stack", "create", name, "--datastore-name", "fails-of-course")
    assert "ROLLBACK_COMPLETE" in error
    assert "Datastore (AWS::HealthImaging::Datastore): Maximum number of data stores reached (10 of 10)" in error
    assert f"hi-fetch stack delete {name}" in error
    error = run.fails(69, "stack", "create", name, "--datastore-name", "store", "--reuse")
    assert "ROLLBACK_COMPLETE" in error
    assert "ROLLBACK_COMPLETE" in run.fails(65, "stack", "create", name, "--datastore-name", "store")
    assert run.json_lines("stack", "show", name)[0]["datastoreId"] is None
    assert run.json_lines("stack", "delete", name, "--yes")[0]["existed"] is True


def test_deleting_empties_the_buckets_in_all_versions(moto, program, name):
    run = program(moto)
    made = create(run, name)
    client = moto.client("s3")
    versioned, plain = made["inputBucketName"], made["outputBucketName"]
    client.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Enabled"})
    awkward = ["a b+c%d.dcm", "größe/日本.dcm", "<&>\"'", "a//b/"]
    for key in awkward:
        for _ in range(3):
            client.put_object(Bucket=versioned, Key=key, Body=b"x")
        client.delete_object(Bucket=versioned, Key=key)
    for index in range(1_050):
        client.put_object(Bucket=plain, Key=f"report/{index}.ndjson", Body=b"")
    (deleted,) = run.json_lines("stack", "delete", name, "--yes")
    assert deleted["objects"] == 4 * len(awkward) + 1_050
    assert not bucket_exists(client, versioned)
    assert not bucket_exists(client, plain)


def test_a_stack_of_an_older_template(moto, program, name):
    moto.client("cloudformation").create_stack(StackName=name, TemplateBody=OLDER_TEMPLATE)
    run = program(moto)
    (shown,) = run.json_lines("stack", "show", name)
    assert shown["inputBucketName"] == shown["outputBucketName"]
    assert shown["roleArn"] == "arn:aws:iam::123456789012:role/old"
    moto.client("s3").put_object(Bucket=shown["inputBucketName"], Key="k", Body=b"x")
    assert run.json_lines("stack", "delete", name, "--yes")[0]["objects"] == 1


def test_a_stack_that_is_not_ours(moto, program, name):
    moto.client("cloudformation").create_stack(
        StackName=name, TemplateBody=json.dumps({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}))
    run = program(moto)
    assert run.json_lines("stack", "show", name)[0]["inputBucketName"] is None
    error = run.fails(65, "stack", "create", name, "--datastore-name", "store", "--reuse")
    assert "InputBucketName" in error and name in error


def test_deleting_asks_first(moto, program, name):
    run = program(moto)
    made = create(run, name)
    assert "nothing was deleted" in run.fails(130, "stack", "delete", name, input="what\nn\n")
    assert "--yes" in run.fails(65, "stack", "delete", name, input="")
    assert bucket_exists(moto.client("s3"), made["inputBucketName"])
    result = run.run("stack", "delete", name, input="y\n")
    assert result.returncode == 0, result.stderr
    assert made["inputBucketName"] in result.stderr and made["datastoreId"] in result.stderr
    assert not bucket_exists(moto.client("s3"), made["inputBucketName"])


@pytest.mark.parametrize("arguments", [
    ["stack", "create", "1st", "--datastore-name", "s"], ["stack", "create", "n", "--datastore-name", "a b"],
    ["stack", "create", "n", "--datastore-name", "s", "--account-id", "12"], ["stack", "show", "no name"],
])
def test_names_that_are_none(moto, program, arguments):
    assert any(word in program(moto).fails(64, *arguments) for word in ("1st", "a b", "'12'", "no name"))


def test_a_timeout_that_is_none(moto, program):
    program(moto).fails(64, "stack", "create", "n", "--datastore-name", "s", "--timeout", "soon")


def test_another_region(moto, program, name):
    run = program(moto, AWS_REGION="eu-west-1")
    made = create(run, name)
    assert ":eu-west-1:" in made["stackId"]
    location = moto.client("s3").get_bucket_location(Bucket=made["inputBucketName"])
    assert location["LocationConstraint"] == "eu-west-1"
    assert name in program(moto).fails(65, "stack", "show", name)
    run.json_lines("stack", "delete", name, "--yes")


def test_without_permission():
    """moto checks policies once it is told to: a user who may do nothing gets one line and status 77.

    It checks signatures too, but of forms as it would have written them (a space as `+`): CreateStack's, with a template
    in it, does not pass.
    """
    with Moto(INITIAL_NO_AUTH_ACTION_COUNT="2") as server:
        iam = server.client("iam")
        iam.create_user(UserName="nobody")
        key = iam.create_access_key(UserName="nobody")["AccessKey"]
        run = Program("/nonexistent", server.url, key=key["AccessKeyId"], secret=key["SecretAccessKey"])
        for verb in (["show", "n"], ["delete", "n", "--yes"]):
            error = run.fails(77, "stack", *verb)
            assert "AccessDenied" in error and "cloudformation:DescribeStacks" in error
        wrong = Program("/nonexistent", server.url, key=key["AccessKeyId"], secret="wrong-secret-that-must-not-show")
        assert "SignatureDoesNotMatch" in wrong.fails(77, "stack", "show", "n")
        unknown = Program("/nonexistent", server.url, key="AKIDUNKNOWN")
        assert "InvalidClientTokenId" in unknown.fails(77, "stack", "show", "n")


def test_the_caller_is_who_the_credentials_say(moto, program, name):
    """Temporary credentials of another account, which STS itself gave: their account becomes the role's."""
    assumed = moto.client("sts").assume_role(RoleArn="arn:aws:iam::111122223333:role/r", RoleSessionName="session")
    credentials = assumed["Credentials"]
    run = program(
        moto, key=credentials["AccessKeyId"], secret=credentials["SecretAccessKey"],
        AWS_SESSION_TOKEN=credentials["SessionToken"])
    made = create(run, name)
    assert ":111122223333:role/" in made["roleArn"]
    run.json_lines("stack", "delete", name, "--yes")


def test_a_profile_with_a_role_is_assumed(moto, program, name, tmp_path):
    """Our STS client asks moto for the role's credentials; what they sign is the role's account's."""
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(f"[base]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    (folder / "config").write_text(
        "[profile importer]\nsource_profile = base\nrole_arn = arn:aws:iam::777788889999:role/importer\n")
    run = program(moto, key=None, AWS_PROFILE="importer")
    made = create(run, name)
    assert ":777788889999:role/" in made["roleArn"]
    assert name in program(moto).fails(65, "stack", "show", name)
    run.json_lines("stack", "delete", name, "--yes")
