"""The steps of the workflow as verbs of their own: what they do, what they say, and how they fail."""

import gzip
import json
import re
import signal
import subprocess

import pytest

from workflow_support import one_error, parse_lines, wait_until

ABSENT = "0" * 32
STUDY = "1.2.826.0.1.3680043.8.498.7"


class Service:
    """A local data store, or a proxy before it, and a stack of our own in it."""

    def __init__(self, program, served, url=None):
        self.program, self.served = program, served
        self.options = ["--endpoint-url", url or served.url, "--no-sign-request"]
        made = program.json_lines(
            "stack", "create", "verbs", "--datastore-name", "verbs", "--endpoint-url", served.url, "--no-sign-request")
        self.stack = made[-1]
        self.datastore = self.stack["datastoreId"]

    def run(self, *arguments):
        return self.program.run(*arguments, *self.options)

    def lines(self, *arguments):
        return self.program.json_lines(*arguments, *self.options)

    def of_datastore(self, verb, *arguments):
        return self.run(verb, "--datastore", self.datastore, *arguments)

    def copy(self, folder, to):
        return self.lines("copy", folder, "--to", f"s3://{self.stack['inputBucketName']}/{to}")[-1]

    def import_arguments(self, prefix):
        return [
            "import", "--datastore", self.datastore, "--input", f"s3://{self.stack['inputBucketName']}/{prefix}",
            "--output-to", f"s3://{self.stack['outputBucketName']}/", "--role-arn", self.stack["roleArn"]]


@pytest.fixture
def service(program, served):
    return Service(program, served)


@pytest.fixture
def three_series(service, tmp_path):
    """Three series of two studies of two patients, imported. Gives their image sets by series."""
    from make_workflow_dicom import write_series
    write_series(tmp_path / "dicom" / "a", 2, series=f"{STUDY}.1")
    write_series(tmp_path / "dicom" / "b", 1, series=f"{STUDY}.2")
    write_series(tmp_path / "dicom" / "c", 1, patient="PAT-2", study=f"{STUDY}.9", series=f"{STUDY}.9.1")
    assert service.copy(tmp_path / "dicom", "three/")["copied"] == 4
    summary = service.lines(*service.import_arguments("three"))[-1]
    assert (summary["files"]["imported"], len(summary["imageSets"])) == (4, 3)
    found = service.lines("search", "--datastore", service.datastore)
    return {line["DICOMTags"]["DICOMSeriesInstanceUID"]: line["imageSetId"] for line in found}


def test_an_import_that_is_complete_though_half_of_the_files_failed_is_status_1(service, tmp_path):
    from make_workflow_dicom import write_series
    write_series(tmp_path / "dicom", 2)
    service.copy(tmp_path / "dicom", "half/")
    import boto3
    from botocore.config import Config
    s3 = boto3.client(
        "s3", endpoint_url=service.served.url, region_name="us-east-1", aws_access_key_id="A",
        aws_secret_access_key="B", config=Config(s3={"addressing_style": "path"}))
    for number in range(2):
        s3.put_object(Bucket=service.stack["inputBucketName"], Key=f"half/{number}.txt", Body=b"no DICOM" * 50)
    result = service.run(*service.import_arguments("half"), "--json")
    one_error(result, 1, "2 of 4 files were not imported")
    started, summary = parse_lines(result.stdout)
    assert started["event"] == "started" and summary["jobId"] == started["jobId"]
    assert (summary["files"]["scanned"], summary["files"]["imported"], summary["files"]["failed"]) == (4, 2, 2)
    assert all(".txt" in file["key"] and file["message"] for file in summary["files"]["failures"])
    assert "Test^Person" not in result.stdout + result.stderr


def test_an_import_nobody_waits_for_is_followed_later(service, tmp_path):
    from make_workflow_dicom import write_series
    write_series(tmp_path / "dicom", 2)
    service.copy(tmp_path / "dicom", "later/")
    started = service.lines(*service.import_arguments("later"), "--no-wait")
    assert [line["event"] for line in started] == ["started"]
    followed = service.lines("import", "--datastore", service.datastore, "--job", started[0]["jobId"])
    assert [line["event"] for line in followed] == ["summary"]
    assert followed[0]["files"]["imported"] == 2


def test_ctrl_c_while_a_job_runs_says_that_it_goes_on_and_how_to_follow_it(program, served, proxy, tmp_path):
    from make_workflow_dicom import write_series
    service = Service(program, served, proxy.url)

    def go_on(body):
        answer = json.loads(body)
        answer["jobProperties"]["jobStatus"] = "IN_PROGRESS"
        return json.dumps(answer).encode()

    write_series(tmp_path / "dicom", 1)
    service.copy(tmp_path / "dicom", "x/")
    proxy.change("GetDICOMImportJob", go_on)
    process = program.start(
        *service.import_arguments("x"), *service.options, "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    wait_until(lambda: "GetDICOMImportJob" in proxy.calls)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    job = parse_lines(output)[0]["jobId"]
    told = re.search(r"import job (\w+) goes on: 'hi-fetch (.*)'", errors)
    assert told and told.group(1) == job
    proxy.allow_all()
    assert service.run(*told.group(2).split()).returncode == 0


def test_search_finds_by_patient_study_series_and_dates(service, three_series):
    def found(*arguments):
        return {line["imageSetId"] for line in service.lines("search", "--datastore", service.datastore, *arguments)}

    a, b, c = (three_series[f"{STUDY}.{name}"] for name in ("1", "2", "9.1"))
    assert found() == {a, b, c}
    assert found("--patient", "PAT-1") == {a, b}
    assert found("--study", f"{STUDY}.9") == {c}
    assert found("--series", f"{STUDY}.2") == {b}
    assert found("--study", STUDY, "--series", f"{STUDY}.9.1") == set()
    assert found("--from", "2024-01-31", "--to", "20240131") == {a, b, c}
    assert found("--from", "20240201") == set() == found("--to", "20240130")
    assert len(found("--limit", "2")) == 2
    text = service.of_datastore("search", "--patient", "PAT-2").stdout
    assert c in text and "1 image set found." in text


def test_search_goes_through_all_pages(service, tmp_path):
    from make_workflow_dicom import write_series
    for number in range(55):
        write_series(tmp_path / "dicom" / str(number), 1, series=f"{STUDY}.{number + 1}")
    service.copy(tmp_path / "dicom", "many/")
    assert len(service.lines(*service.import_arguments("many"))[-1]["imageSets"]) == 55
    found = service.lines("search", "--datastore", service.datastore)
    assert len({line["imageSetId"] for line in found}) == len(found) == 55


def test_metadata_is_saved_as_json_or_gzip(service, three_series, tmp_path):
    folder = tmp_path / "deep" / "metadata"
    zipped = service.lines("metadata", "--datastore", service.datastore, "--all", "--output", folder)
    plain = service.lines("metadata", "--datastore", service.datastore, "--study", STUDY, "-o", folder, "--format", "json")
    assert {line["imageSetId"] for line in zipped} == set(three_series.values())
    assert len(plain) == 2
    for line in plain:
        inflated = open(line["path"], "rb").read()
        assert len(inflated) == line["bytes"]
        assert gzip.decompress(open(line["path"] + ".gz", "rb").read()) == inflated
        assert json.loads(inflated)["ImageSetID"] == line["imageSetId"]


def test_metadata_of_what_is_not_there_is_named_and_the_rest_saved(service, three_series, tmp_path):
    image_set = three_series[f"{STUDY}.2"]
    result = service.of_datastore("metadata", "--image-set", ABSENT, image_set, "--output", tmp_path / "m")
    one_error(result, 65, ABSENT)
    assert (tmp_path / "m" / f"{image_set}.json.gz").exists()
    one_error(service.of_datastore("metadata", "--study", "1.2.3", "--output", tmp_path / "m"), 65, "1.2.3")
    (tmp_path / "file").write_text("x")
    one_error(service.of_datastore("metadata", "--all", "--output", tmp_path / "file"), 74, "file")


def test_frames_is_plan_under_the_name_of_the_step(service, three_series):
    arguments = ["--datastore", service.datastore, "--all"]
    frames = service.lines("frames", *arguments)
    assert frames == service.lines("plan", *arguments)
    assert frames[-1]["frames"] == 4


def test_delete_asks_and_deletes_only_what_was_named(program, service, three_series):
    def answered(text, *arguments):
        return subprocess.run(
            [program.path, "delete", "--datastore", service.datastore, *arguments, *service.options], input=text,
            capture_output=True, text=True, env=program.environment(), timeout=120)

    def left():
        return {line["imageSetId"] for line in service.lines("search", "--datastore", service.datastore)}

    a, b, c = (three_series[f"{STUDY}.{name}"] for name in ("1", "2", "9.1"))
    one_error(answered("n\n", "--all"), 130, "nothing was deleted")
    one_error(answered("perhaps\n", "--all"), 65, "--yes")
    one_error(answered("perhaps\n" * 100_000, "--all"), 65, "--yes")
    assert left() == {a, b, c}
    result = answered("\nwhat?\r\ny\r\n", "--image-set", a)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("Please answer y or n.") == 2
    assert left() == {b, c}
    line, = service.lines("delete", "--datastore", service.datastore, "--study", STUDY, "--yes")
    assert (line["selected"], line["deleted"]) == (1, 1)
    assert left() == {c}
    gone, = service.lines("delete", "--datastore", service.datastore, "--image-set", a, c, "--yes")
    assert (gone["selected"], gone["deleted"]) == (2, 1)
    again, = service.lines("delete", "--datastore", service.datastore, "--all", "--yes")
    assert (again["selected"], again["deleted"]) == (0, 0)


def test_deleting_a_stack_asks_and_tells_only_of_the_deletion(program, service, three_series):
    def answered(text):
        return subprocess.run(
            [program.path, "stack", "delete", "verbs", *service.options], input=text, capture_output=True, text=True,
            env=program.environment(), timeout=120)

    one_error(answered("No\n"), 130, "nothing was deleted")
    one_error(answered(""), 65, "--yes")
    full = answered("y\r\n")
    one_error(full, 69, "verbs", "DELETE_FAILED", "image sets")
    assert "CREATE_IN_PROGRESS" not in full.stderr, "how the stack was made is no news"
    assert service.of_datastore("delete", "--all", "--yes").returncode == 0
    deleted = service.lines("stack", "delete", "verbs", "--yes")
    assert deleted[-1]["existed"] is True
    assert service.lines("stack", "delete", "verbs", "--yes")[-1]["existed"] is False


def test_a_stack_that_is_there_is_used_again_without_its_history(service):
    result = service.run("stack", "create", "verbs", "--datastore-name", "verbs", "--reuse", "--json")
    assert result.returncode == 0
    line = parse_lines(result.stdout)[-1]
    assert line["reused"] is True and line["datastoreId"] == service.datastore
    assert "CREATE_IN_PROGRESS" not in result.stderr


def test_a_stack_of_an_older_template_has_one_bucket_for_both(program, served, tmp_path):
    import boto3
    template = {
        "Parameters": {"datastoreName": {"Type": "String"}, "userAccountID": {"Type": "String"}},
        "Resources": {
            "Store": {"Type": "AWS::HealthImaging::Datastore", "Properties": {"DatastoreName": {"Ref": "datastoreName"}}},
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
                "Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow", "Action": "sts:AssumeRole",
                    "Principal": {"Service": "medical-imaging.amazonaws.com"}}]}}}},
        "Outputs": {
            "BucketName": {"Value": {"Ref": "Bucket"}}, "RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}},
            "DatastoreID": {"Value": {"Fn::GetAtt": ["Store", "DatastoreId"]}}}}
    client = boto3.client(
        "cloudformation", endpoint_url=served.url, region_name="us-east-1", aws_access_key_id="A",
        aws_secret_access_key="B")
    client.create_stack(
        StackName="older", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": "datastoreName", "ParameterValue": "older"},
                    {"ParameterKey": "userAccountID", "ParameterValue": "123456789012"}])
    options = ["--endpoint-url", served.url, "--no-sign-request"]
    stack = program.json_lines("stack", "create", "older", "--datastore-name", "older", "--reuse", *options)[-1]
    bucket = stack["inputBucketName"]
    assert bucket and bucket == stack["outputBucketName"]
    run = program.json_lines(
        "workflow", "--yes", "--delete", "--study", "1", "--datastore", stack["datastoreId"], "--input-bucket", bucket,
        "--output-bucket", bucket, "--role-arn", stack["roleArn"], "--output", tmp_path / "output", *options)
    assert run[-1]["event"] == "finished"
    # Both of the run's folders in the one bucket are empty again.
    assert program.json_lines("stack", "delete", "older", "--yes", *options)[-1]["objects"] == 0


@pytest.mark.parametrize("arguments, word", [
    (["stack", "create", "1st", "--datastore-name", "x"], "1st"),
    (["stack", "create", "x", "--datastore-name", "a b", "--account-id", "123456789012"], "a b"),
    (["stack", "create", "x", "--datastore-name", "y", "--account-id", "12"], "'12'"),
    (["stack", "create", "x", "--datastore-name", "y", "--timeout", "0"], "--timeout"),
    (["stack", "show", "a b"], "a b"), (["stack", "delete", "--yes", "../x"], "../x"),
    (["copy", "--idc-study", "5", "--to", "s3://bucket/x"], "--idc-study"), (["copy", "x", "--to", "bucket/x"], "--to"),
    (["copy", "s3://a", "--to", "s3://bucket/x"], "s3://a"), (["copy", "--to", "s3://bucket/"], "what to copy"),
    (["import", "--datastore", ABSENT], "--input"), (["import", "--datastore", ABSENT, "--job", "../x"], "--job"),
    (["import", "--datastore", ABSENT, "--job", "1", "--no-wait"], "--job"), (["import", "--datastore", "x"], "--datastore"),
    (["import", "--datastore", ABSENT, "--input", "s3://bucket/x", "--output-to", "s3://bucket/y", "--role-arn", "x"],
     "--role-arn"),
    (["search", "--datastore", ABSENT, "--from", "20230229"], "--from"),
    (["search", "--datastore", ABSENT, "--from", "20240102", "--to", "20240101"], "--from"),
    (["search", "--datastore", ABSENT, "--study", "1..2"], "--study"), (["search", "--datastore", ABSENT, "--limit", "0"], "--limit"),
    (["delete", "--datastore", ABSENT], "--all"), (["delete", "--datastore", ABSENT, "--all", "--study", "1.2"], "--all"),
    (["delete", "--datastore", ABSENT, "--image-set", "../../x"], "--image-set"),
    (["metadata", "--datastore", ABSENT, "--all"], "--output"),
    (["metadata", "--datastore", ABSENT, "--all", "-o", "x", "--format", "xml"], "--format"), (["frames"], "--image-set"),
])
def test_arguments_that_make_no_sense_are_status_64(program, tmp_path, arguments, word):
    result = program.run(*arguments, "--endpoint-url", "http://127.0.0.1:1", "--no-sign-request", cwd=tmp_path)
    one_error(result, 64, word)
    assert result.stdout == "" and list(tmp_path.iterdir()) == []


VERBS = {
    "hello": ("ListDatastores", ["hello"]),
    "stack show": ("DescribeStacks", ["stack", "show", "verbs"]),
    "stack create": ("CreateStack", ["stack", "create", "other", "--datastore-name", "x", "--account-id", "123456789012"]),
    "stack delete": ("DescribeStacks", ["stack", "delete", "verbs", "--yes"]),
    "copy": ("ListObjectsV2", ["copy", "--idc-study", "1", "--to", "s3://some-bucket/x/"]),
    "import": ("StartDICOMImportJob", [
        "import", "--datastore", ABSENT, "--input", "s3://bucket/x", "--output-to", "s3://bucket/y", "--role-arn",
        "arn:aws:iam::123456789012:role/import"]),
    "import --job": ("GetDICOMImportJob", ["import", "--datastore", ABSENT, "--job", "1"]),
    "search": ("SearchImageSets", ["search", "--datastore", ABSENT]),
    "metadata": ("GetImageSetMetadata", ["metadata", "--datastore", ABSENT, "--image-set", ABSENT, "--output", "m"]),
    "frames": ("GetImageSetMetadata", ["frames", "--datastore", ABSENT, "--image-set", ABSENT]),
    "delete": ("DeleteImageSet", ["delete", "--datastore", ABSENT, "--image-set", ABSENT, "--yes"]),
}


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_without_permission_is_status_77_and_names_the_operation(program, proxy, tmp_path, verb):
    operation, arguments = VERBS[verb]
    proxy.deny(operation)
    result = program.run(*arguments, "--endpoint-url", proxy.url, "--no-sign-request", cwd=tmp_path)
    one_error(result, 77, operation)


def test_each_verb_without_a_server_is_status_69_and_says_where_it_looked(program, tmp_path):
    # All at once: each asks several times, with pauses.
    processes = {
        verb: program.start(
            *arguments, "--endpoint-url", "http://127.0.0.1:1", "--no-sign-request", cwd=tmp_path, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for verb, (_, arguments) in VERBS.items()}
    for verb, process in processes.items():
        output, errors = process.communicate(timeout=300)
        result = subprocess.CompletedProcess(verb, process.returncode, output, errors)
        one_error(result, 69, "127.0.0.1:1", "--endpoint-url")


def test_nothing_there_is_status_65(service, tmp_path):
    for arguments, word in [
        (["stack", "show", "nothing"], "'nothing'"),
        (["copy", "s3://idc-open-data/nothing/", "--to", f"s3://{service.stack['inputBucketName']}/x/"], "nothing/"),
        (["copy", "--idc-study", "1", "--to", "s3://no-such-bucket/x/"], "no-such-bucket"),
        (["copy", tmp_path, "--to", f"s3://{service.stack['inputBucketName']}/x/"], str(tmp_path)),
        (["import", "--datastore", service.datastore, "--job", "1"], "job 1"),
        (["search", "--datastore", ABSENT], ABSENT), (["delete", "--datastore", ABSENT, "--all", "--yes"], ABSENT),
        (["delete", "--datastore", ABSENT, "--image-set", ABSENT, "--yes"], ABSENT),
    ]:
        one_error(service.run(*arguments), 65, word)
    failed = service.run(*service.import_arguments("nothing"))
    one_error(failed, 69, "failed", "nothing/")
