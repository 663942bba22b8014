"""Stacks of `hi-fetch local serve`, driven by unmodified boto3: signed, over HTTP and TLS."""

import itertools
import json
import secrets
import string

import pytest
from built_program import TEMPLATE
from botocore.exceptions import ClientError, WaiterError

from server_support import Server, error_of, wait_until

OURS = TEMPLATE.read_text()
PARAMETERS = [
    {"ParameterKey": "datastoreName", "ParameterValue": "from-a-stack"},
    {"ParameterKey": "userAccountID", "ParameterValue": "123456789012"}]
FINAL = {"CREATE_COMPLETE", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_COMPLETE", "DELETE_FAILED"}


@pytest.fixture
def cfn(server):
    return server.client(service="cloudformation")


@pytest.fixture
def name():
    return "stack-" + secrets.token_hex(6)


def create(cfn, name, template=OURS, parameters=(), capabilities=("CAPABILITY_IAM",), **options):
    return cfn.create_stack(
        StackName=name, TemplateBody=template if isinstance(template, str) else json.dumps(template),
        Parameters=list(parameters), Capabilities=list(capabilities), **options)["StackId"]


def ended(cfn, stack):
    """The stack in its final state."""
    found = {}

    def look():
        found.update(cfn.describe_stacks(StackName=stack)["Stacks"][0])
        return found["StackStatus"] in FINAL

    wait_until(look, "a final state of the stack", 60)
    return found


def events(cfn, stack):
    """(logical id, status) from the oldest on."""
    told = cfn.describe_stack_events(StackName=stack)["StackEvents"]
    assert [each["Timestamp"] for each in told] == sorted((each["Timestamp"] for each in told), reverse=True)
    assert len({each["EventId"] for each in told}) == len(told)
    return [(each["LogicalResourceId"], each["ResourceStatus"]) for each in reversed(told)]


def reason(cfn, stack, status):
    told = cfn.describe_stack_events(StackName=stack)["StackEvents"]
    return next(each["ResourceStatusReason"] for each in told if each["ResourceStatus"] == status)


def bucket(**properties):
    return {"Type": "AWS::S3::Bucket", "Properties": properties}


def test_the_life_of_our_stack(server, cfn, name):
    assert error_of(lambda: cfn.describe_stacks(StackName=name)) == (400, "ValidationError")
    stack = create(cfn, name, parameters=PARAMETERS, Tags=[{"Key": "k", "Value": "v"}])
    assert stack.startswith(f"arn:aws:cloudformation:us-east-1:123456789012:stack/{name}/")
    assert error_of(lambda: create(cfn, name, parameters=PARAMETERS)) == (400, "AlreadyExistsException")
    cfn.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    described = cfn.describe_stacks(StackName=stack)["Stacks"][0]
    assert described["Tags"] == [{"Key": "k", "Value": "v"}]
    assert {each["ParameterKey"]: each["ParameterValue"] for each in described["Parameters"]} == {
        "datastoreName": "from-a-stack", "userAccountID": "123456789012"}
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
    assert set(outputs) == {"InputBucketName", "OutputBucketName", "RoleArn", "DatastoreID"}
    told = events(cfn, name)
    assert told[0] == (name, "CREATE_IN_PROGRESS") and told[-1] == (name, "CREATE_COMPLETE")
    resources = {
        each["LogicalResourceId"]: each for each in cfn.list_stack_resources(StackName=name)["StackResourceSummaries"]}
    assert {each["ResourceStatus"] for each in resources.values()} == {"CREATE_COMPLETE"}
    assert resources["InputBucket"]["PhysicalResourceId"] == outputs["InputBucketName"]
    assert outputs["RoleArn"].startswith("arn:aws:iam::123456789012:role/")

    properties = server.client().get_datastore(datastoreId=outputs["DatastoreID"])["datastoreProperties"]
    assert (properties["datastoreName"], properties["datastoreStatus"]) == ("from-a-stack", "ACTIVE")
    s3 = server.client(service="s3")
    s3.put_object(Bucket=outputs["InputBucketName"], Key="study/one", Body=b"x")
    assert error_of(lambda: s3.create_bucket(Bucket=outputs["OutputBucketName"])) == (409, "BucketAlreadyOwnedByYou")

    cfn.delete_stack(StackName=name)
    failed = ended(cfn, stack)
    assert failed["StackStatus"] == "DELETE_FAILED"
    assert failed["StackStatusReason"] == "The following resource(s) failed to delete: [InputBucket]. "
    assert "not empty" in reason(cfn, name, "DELETE_FAILED") or "not empty" in json.dumps(
        cfn.describe_stack_events(StackName=name)["StackEvents"], default=str)
    with pytest.raises(WaiterError):
        cfn.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    s3.delete_object(Bucket=outputs["InputBucketName"], Key="study/one")
    cfn.delete_stack(StackName=name)
    cfn.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert error_of(lambda: cfn.describe_stacks(StackName=name)) == (400, "ValidationError")
    assert cfn.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert error_of(lambda: s3.head_bucket(Bucket=outputs["InputBucketName"])) == (404, "404")
    assert error_of(lambda: server.client().get_datastore(datastoreId=outputs["DatastoreID"])) == (
        404, "ResourceNotFoundException")
    cfn.delete_stack(StackName=name)
    summaries = cfn.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert stack in [each["StackId"] for each in summaries]
    # The name is free again.
    again = create(cfn, name, parameters=PARAMETERS)
    assert again != stack and ended(cfn, name)["StackStatus"] == "CREATE_COMPLETE"
    cfn.delete_stack(StackName=name)
    assert ended(cfn, again)["StackStatus"] == "DELETE_COMPLETE"


def test_a_bucket_name_that_is_taken_rolls_the_stack_back(server, cfn, name):
    taken = "taken-" + secrets.token_hex(6)
    server.client(service="s3").create_bucket(Bucket=taken)
    stack = create(cfn, name, {"Resources": {
        "First": bucket(), "Second": {**bucket(BucketName=taken), "DependsOn": "First"}}})
    ended_stack = ended(cfn, name)
    assert ended_stack["StackStatus"] == "ROLLBACK_COMPLETE"
    told = events(cfn, name)
    assert told[-1] == (name, "ROLLBACK_COMPLETE")
    assert ("Second", "CREATE_FAILED") in told and ("First", "DELETE_COMPLETE") in told
    assert f"{taken} already exists" in reason(cfn, name, "CREATE_FAILED")
    assert "[Second]" in reason(cfn, name, "ROLLBACK_IN_PROGRESS")
    assert server.client(service="s3").head_bucket(Bucket=taken)
    with pytest.raises(WaiterError):
        cfn.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    assert error_of(lambda: create(cfn, name, {"Resources": {"B": bucket()}})) == (400, "AlreadyExistsException")
    cfn.delete_stack(StackName=name)
    assert ended(cfn, stack)["StackStatus"] == "DELETE_COMPLETE"


def test_a_data_store_that_cannot_be_made_rolls_the_stack_back(cfn, name):
    template = {"Resources": {"Store": {
        "Type": "AWS::HealthImaging::Datastore", "Properties": {"DatastoreName": "no blanks please"}}}}
    create(cfn, name, template)
    assert ended(cfn, name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "datastoreName" in reason(cfn, name, "CREATE_FAILED")
    kept = name + "-kept"
    create(cfn, kept, template, OnFailure="DO_NOTHING")
    assert ended(cfn, kept)["StackStatus"] == "CREATE_FAILED"
    gone = create(cfn, name + "-gone", template, OnFailure="DELETE")
    assert ended(cfn, gone)["StackStatus"] == "DELETE_COMPLETE"


def test_a_data_store_with_image_sets_is_not_deleted(server, cfn, name, studies):
    template = {"Resources": {"Store": {"Type": "AWS::HealthImaging::Datastore"}},
                "Outputs": {"Id": {"Value": {"Ref": "Store"}}}}
    stack = create(cfn, name, template)
    datastore = ended(cfn, name)["Outputs"][0]["OutputValue"]
    folder = studies[0] / "datastores" / datastore / "imagesets"
    (folder / ("0" * 32)).mkdir()
    cfn.delete_stack(StackName=name)
    assert ended(cfn, stack)["StackStatus"] == "DELETE_FAILED"
    assert "image sets" in reason(cfn, name, "DELETE_FAILED") or "Store" in reason(cfn, name, "DELETE_FAILED")
    (folder / ("0" * 32)).rmdir()
    cfn.delete_stack(StackName=name)
    assert ended(cfn, stack)["StackStatus"] == "DELETE_COMPLETE"


def test_functions_of_templates(server, cfn, name):
    template = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Prefix: {Type: String, Default: pre, AllowedPattern: "[a-z]+"}
  Names: {Type: CommaDelimitedList, Default: "one, two"}
  Hidden: {Type: String, NoEcho: true, Default: secret}
Mappings:
  Sizes: {us-east-1: {size: large}}
Conditions:
  IsPre: !Equals [!Ref Prefix, pre]
  Never: !Not [!Condition IsPre]
Resources:
  Named:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Sub "${Prefix}-SUFFIX-${AWS::AccountId}", Tags: !If [Never, [], !Ref "AWS::NoValue"]}
  Absent:
    Type: AWS::S3::Bucket
    Condition: Never
  Kept:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
Outputs:
  Joined: {Value: !Join ["/", [!GetAtt Named.Arn, !Select [1, !Ref Names], !Ref "AWS::Region"]]}
  Split: {Value: !Select [0, !Split [":", !GetAtt Named.Arn]]}
  Found: {Value: !FindInMap [Sizes, !Ref "AWS::Region", size]}
  Sub: {Value: !Sub ["${a}${!b}${Named.DomainName}", {a: !Ref "AWS::StackName"}]}
  Missing: {Condition: Never, Value: !Ref Absent}
  Kept: {Value: !Ref Kept}
""".replace("SUFFIX", secrets.token_hex(4))
    stack = create(cfn, name, template)
    described = ended(cfn, name)
    assert described["StackStatus"] == "CREATE_COMPLETE", described.get("StackStatusReason")
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
    resources = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for each in cfn.describe_stack_resources(StackName=name)["StackResources"]}
    named = resources["Named"]
    assert set(resources) == {"Named", "Kept"} and named.endswith("-123456789012")
    kept = outputs.pop("Kept")
    assert outputs == {
        "Joined": f"arn:aws:s3:::{named}/two/us-east-1", "Split": "arn", "Found": "large",
        "Sub": name + "${b}" + named + ".s3.amazonaws.com"}
    assert {each["ParameterValue"] for each in described["Parameters"] if each["ParameterKey"] == "Hidden"} == {"****"}
    assert cfn.get_template(StackName=name)["TemplateBody"].strip() == template.strip()
    cfn.delete_stack(StackName=name)
    assert ended(cfn, stack)["StackStatus"] == "DELETE_COMPLETE"
    assert server.client(service="s3").head_bucket(Bucket=kept), "DeletionPolicy: Retain"


@pytest.mark.parametrize("template, options, message", [
    ("", {}, "Template Body"),
    ("a: [", {}, "not well-formed"),
    ("just text", {}, "unsupported structure"),
    ({"Resources": {}}, {}, "At least one Resources member"),
    ({"Resources": {"L": {"Type": "AWS::Lambda::Function"}}}, {}, "Unrecognized resource types: [AWS::Lambda::Function]"),
    ({"Resources": {"B": bucket(BucketName={"Ref": "Nothing"})}}, {}, "Unresolved resource dependencies [Nothing]"),
    ({"Resources": {"A": {**bucket(), "DependsOn": "B"}, "B": {**bucket(), "DependsOn": ["A"]}}}, {}, "Circular dependency"),
    ({"Parameters": {"P": {"Type": "String"}}, "Resources": {"B": bucket()}}, {}, "Parameters: [P] must have values"),
    ({"Resources": {"B": bucket()}}, {"parameters": [{"ParameterKey": "X", "ParameterValue": "1"}]}, "do not exist in the template"),
    ({"Parameters": {"P": {"Type": "String", "AllowedPattern": "[0-9]{12}"}}, "Resources": {"B": bucket()}},
     {"parameters": [{"ParameterKey": "P", "ParameterValue": "123"}]}, "match pattern"),
    ({"Parameters": {"P": {"Type": "String", "AllowedPattern": "[", "Default": "x"}}, "Resources": {"B": bucket()}}, {}, "regular expression"),
    ("Resources: " + "[" * 3000, {}, "nested"),
    ("- " * 3000 + "x", {}, "nested"),
    ("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefg", "bcdefgh")), {}, "too large"),
    # Keys that must be compared with one another.
    ("a: &a [x,x]\n" + "".join(
        f"{b}: &{b} [*{a},*{a},*{a}]\n" for a, b in itertools.pairwise(string.ascii_lowercase)) + "? *z\n: 1\n? *y\n: 2\n",
     {}, "too large"),
])
def test_bad_templates_are_told_as_cloudformation_tells_them(cfn, name, template, options, message):
    with pytest.raises(ClientError) as caught:
        create(cfn, name, template or {}, **options) if template else cfn.create_stack(StackName=name)
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert message in caught.value.response["Error"]["Message"]
    assert error_of(lambda: cfn.describe_stacks(StackName=name)) == (400, "ValidationError")


def test_bad_calls(server, cfn, name):
    assert error_of(lambda: create(cfn, name, parameters=PARAMETERS, capabilities=())) == (
        400, "InsufficientCapabilitiesException")
    assert error_of(lambda: create(cfn, "9-digits-first", {"Resources": {"B": bucket()}})) == (400, "ValidationError")
    assert error_of(lambda: cfn.list_change_sets(StackName=name)) == (400, "InvalidAction")
    wrong = server.client(secret="wrong", service="cloudformation")
    assert error_of(lambda: wrong.describe_stacks()) == (403, "SignatureDoesNotMatch")
    unknown = server.client(key="AKIDUNKNOWN000000000", service="cloudformation")
    assert error_of(lambda: unknown.describe_stacks()) == (403, "InvalidClientTokenId")
    unsigned = server.client(signed=False, service="cloudformation")
    assert error_of(lambda: unsigned.describe_stacks()) == (403, "MissingAuthenticationToken")
    protected = create(cfn, name, {"Resources": {"B": bucket()}}, EnableTerminationProtection=True)
    assert error_of(lambda: cfn.delete_stack(StackName=protected)) == (400, "ValidationError")


def test_a_server_killed_while_stacks_are_made_and_deleted_goes_on_when_it_is_started_again(tmp_path):
    store = tmp_path / "store"
    names = [f"killed-{number}" for number in range(12)]
    stacks = []
    with Server(store) as server:
        cfn = server.client(service="cloudformation")
        for name in names:
            stacks.append(create(cfn, name, parameters=PARAMETERS))
        server.kill()
    with Server(store) as server:
        cfn = server.client(service="cloudformation")
        for stack in stacks:
            assert ended(cfn, stack)["StackStatus"] == "CREATE_COMPLETE"
        assert len(server.client().list_datastores()["datastoreSummaries"]) == len(names)
        assert len(server.client(service="s3").list_buckets()["Buckets"]) == 2 * len(names)
        for stack in stacks:
            cfn.delete_stack(StackName=stack)
        server.kill()
    with Server(store) as server:
        cfn = server.client(service="cloudformation")
        for stack in stacks:
            assert ended(cfn, stack)["StackStatus"] == "DELETE_COMPLETE"
        assert server.client().list_datastores()["datastoreSummaries"] == []
        assert server.client(service="s3").list_buckets()["Buckets"] == []
        assert list((store / "roles").iterdir()) == []
