"""The CloudFormation template is one that AWS would take, and grants no more than it should."""

import pathlib
import subprocess
import sys

import yaml

from built_program import TEMPLATE
from aws_support import Program



class Loader(yaml.SafeLoader):
    """Reads `!Ref x` and its like as {"!Ref": "x"}."""


Loader.add_multi_constructor("!", lambda loader, tag, node: {f"!{tag}": loader.construct_scalar(node)})


def resources():
    return yaml.load(TEMPLATE.read_text(), Loader)["Resources"]


def of_type(kind):
    return {name: each["Properties"] for name, each in resources().items() if each["Type"] == kind}


def test_cfn_lint_has_nothing_to_say():
    lint = pathlib.Path(sys.executable).with_name("cfn-lint")
    command = [str(lint)] if lint.exists() else ["cfn-lint"]
    result = subprocess.run(
        [*command, "--include-checks", "I", "--regions", "us-east-1", "us-west-2", "eu-west-1", "ap-southeast-2", "--",
         str(TEMPLATE)], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr


def test_buckets_are_private_and_encrypted():
    buckets = of_type("AWS::S3::Bucket")
    assert set(buckets) == {"InputBucket", "OutputBucket"}
    for properties in buckets.values():
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(properties["PublicAccessBlockConfiguration"]) == 4
        rules = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rules == [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        assert "BucketName" not in properties, "a fixed name may be somebody else's"


def test_buckets_answer_over_tls_only():
    policies = of_type("AWS::S3::BucketPolicy")
    assert {each["Bucket"]["!Ref"] for each in policies.values()} == {"InputBucket", "OutputBucket"}
    for properties in policies.values():
        (statement,) = properties["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        bucket = properties["Bucket"]["!Ref"]
        assert statement["Resource"] == [{"!GetAtt": f"{bucket}.Arn"}, {"!Sub": f"${{{bucket}.Arn}}/*"}]


def test_the_role_trusts_one_data_store_and_may_do_three_things():
    (role,) = of_type("AWS::IAM::Role").values()
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "medical-imaging.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"!Ref": "userAccountID"}},
        "ArnEquals": {"aws:SourceArn": {"!GetAtt": "Datastore.DatastoreArn"}}}
    (policy,) = role["Policies"]
    allowed = {each["Action"]: each["Resource"] for each in policy["PolicyDocument"]["Statement"]}
    assert allowed == {
        "s3:ListBucket": [{"!GetAtt": "InputBucket.Arn"}, {"!GetAtt": "OutputBucket.Arn"}],
        "s3:GetObject": {"!Sub": "${InputBucket.Arn}/*"},
        "s3:PutObject": {"!Sub": "${OutputBucket.Arn}/*"}}
    assert "ManagedPolicyArns" not in role


def test_nothing_runs_code_of_its_own():
    kinds = {each["Type"] for each in resources().values()}
    assert kinds == {
        "AWS::HealthImaging::Datastore", "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::IAM::Role"}


def test_the_program_prints_this_very_file(tmp_path):
    program = Program(tmp_path, "http://127.0.0.1:1")
    assert program.run("stack", "template").stdout == TEMPLATE.read_text()
    assert program.json_lines("stack", "template") == [{"template": TEMPLATE.read_text()}]
