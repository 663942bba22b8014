"""The `aws` command line drives every operation of `hi-fetch local serve`, over HTTP and TLS, signed."""

import gzip
import json

import pytest

from server_support import synthesize, wait_until


@pytest.fixture
def aws(aws_cli):
    """Runs one command of `aws medical-imaging`."""
    return lambda *arguments, **options: aws_cli("medical-imaging", *arguments, **options) or None


def test_the_life_of_a_data_store(aws):
    datastore = aws("create-datastore", "--datastore-name", "from-the-command-line")["datastoreId"]
    properties = aws("get-datastore", "--datastore-id", datastore)["datastoreProperties"]
    assert properties["datastoreName"] == "from-the-command-line"
    arn = properties["datastoreArn"]
    aws("tag-resource", "--resource-arn", arn, "--tags", "colour=red,size=large")
    aws("untag-resource", "--resource-arn", arn, "--tag-keys", "colour", "absent")
    assert aws("list-tags-for-resource", "--resource-arn", arn)["tags"] == {"size": "large"}
    listed = aws("list-datastores", "--datastore-status", "ACTIVE")["datastoreSummaries"]
    assert datastore in [summary["datastoreId"] for summary in listed]
    assert aws("delete-datastore", "--datastore-id", datastore)["datastoreStatus"] == "DELETING"
    assert "ResourceNotFoundException" in aws("get-datastore", "--datastore-id", datastore, fails=True)


def stored_image_sets(store, datastore):
    return [path.name for path in (store / "datastores" / datastore / "imagesets").iterdir()]


def test_the_life_of_an_image_set(aws, studies, tmp_path):
    datastore, image_set = synthesize(studies[0], "MR", 2, 98)
    address = ["--datastore-id", datastore, "--image-set-id", image_set]
    described = aws("get-image-set", *address)
    assert (described["versionId"], described["imageSetState"]) == ("1", "ACTIVE")
    versions = aws("list-image-set-versions", *address)["imageSetPropertiesList"]
    assert [version["ImageSetWorkflowStatus"] for version in versions] == ["CREATED"]

    metadata = tmp_path / "metadata.json.gz"
    answer = aws("get-image-set-metadata", *address, "--version-id", "1", metadata)
    assert (answer["contentType"], answer["contentEncoding"]) == ("application/json", "gzip")
    document = json.loads(gzip.decompress(metadata.read_bytes()))
    frames = [
        frame["ID"]
        for series in document["Study"]["Series"].values()
        for instance in series["Instances"].values()
        for frame in instance["ImageFrames"]]
    assert len(frames) == 2
    for frame in frames:
        output = tmp_path / frame
        answer = aws("get-image-frame", *address, "--image-frame-information", f"imageFrameId={frame}", output)
        assert answer["contentType"] == "image/jph"
        stored = studies[0] / "datastores" / datastore / "imagesets" / image_set / "frames" / frame
        assert output.read_bytes() == stored.read_bytes()

    assert aws("delete-image-set", *address)["imageSetWorkflowStatus"] == "DELETING"
    listed = lambda: aws("search-image-sets", "--datastore-id", datastore, "--search-criteria", "{}")
    assert image_set not in [each["imageSetId"] for each in listed()["imageSetsMetadataSummaries"]]
    wait_until(lambda: image_set not in stored_image_sets(studies[0], datastore), "the end of the image set")
    assert "ResourceNotFoundException" in aws("get-image-set", *address, fails=True)


def test_a_search_with_filters_sort_and_pages(aws, studies):
    _, datastore, image_sets = studies
    everything = aws(
        "search-image-sets", "--datastore-id", datastore, "--page-size", "2",
        "--search-criteria", json.dumps({"sort": {"sortField": "createdAt", "sortOrder": "ASC"}}),
    )["imageSetsMetadataSummaries"]
    assert {each["imageSetId"] for each in everything} == set(image_sets)
    assert len(everything) == len(image_sets)
    one = everything[3]
    criteria = {
        "filters": [
            {"values": [{"DICOMSeriesInstanceUID": one["DICOMTags"]["DICOMSeriesInstanceUID"]}], "operator": "EQUAL"},
            {"values": [
                {"DICOMStudyDateAndTime": {"DICOMStudyDate": "19000101"}},
                {"DICOMStudyDateAndTime": {"DICOMStudyDate": "29991231", "DICOMStudyTime": "235959"}}],
             "operator": "BETWEEN"}]}
    found = aws(
        "search-image-sets", "--datastore-id", datastore, "--search-criteria", json.dumps(criteria),
    )["imageSetsMetadataSummaries"]
    assert one["imageSetId"] in [each["imageSetId"] for each in found]
    assert all(
        each["DICOMTags"]["DICOMSeriesInstanceUID"] == one["DICOMTags"]["DICOMSeriesInstanceUID"] for each in found)


def test_a_wrong_secret_and_a_missing_signature_are_refused(aws):
    assert "InvalidSignatureException" in aws("list-datastores", secret="wrong", fails=True)
    assert "MissingAuthenticationTokenException" in aws("list-datastores", signed=False, fails=True)
