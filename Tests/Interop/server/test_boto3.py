"""boto3 drives every operation of `hi-fetch local serve`, over HTTP and TLS, signed."""

import datetime
import gzip
import json

import pytest
from botocore.exceptions import ClientError

from server_support import Server, synthesize, wait_until


def error_of(call):
    """The (status, code) that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    assert response["Error"]["Message"]
    assert response["ResponseMetadata"]["RequestId"]
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def search(client, datastore, filters=None, sort=None, **paging):
    criteria = {}
    if filters is not None:
        criteria["filters"] = filters
    if sort is not None:
        criteria["sort"] = {"sortField": sort[0], "sortOrder": sort[1]}
    return client.search_image_sets(datastoreId=datastore, searchCriteria=criteria, **paging)


def found(response):
    return [summary["imageSetId"] for summary in response["imageSetsMetadataSummaries"]]


def summaries(client, datastore):
    return search(client, datastore)["imageSetsMetadataSummaries"]


def test_data_stores_are_created_described_listed_and_deleted(server):
    client = server.client()
    token = "token-" + str(server.port)
    created = client.create_datastore(
        datastoreName="a.name/with_all#kinds-1", clientToken=token, tags={"project": "one"})
    assert created["datastoreStatus"] == "CREATING"
    datastore = created["datastoreId"]
    assert client.create_datastore(datastoreName="again", clientToken=token)["datastoreId"] == datastore

    properties = client.get_datastore(datastoreId=datastore)["datastoreProperties"]
    assert properties["datastoreName"] == "a.name/with_all#kinds-1"
    assert properties["datastoreStatus"] == "ACTIVE"
    assert properties["losslessStorageFormat"] == "HTJ2K"
    assert properties["datastoreArn"].endswith(":datastore/" + datastore)
    age = datetime.datetime.now(datetime.timezone.utc) - properties["createdAt"]
    assert abs(age) < datetime.timedelta(hours=1)

    listed = client.list_datastores()["datastoreSummaries"]
    assert datastore in [summary["datastoreId"] for summary in listed]
    assert client.list_datastores(datastoreStatus="DELETED")["datastoreSummaries"] == []

    deleted = client.delete_datastore(datastoreId=datastore)
    assert deleted["datastoreStatus"] == "DELETING"
    assert error_of(lambda: client.get_datastore(datastoreId=datastore)) == (404, "ResourceNotFoundException")
    assert error_of(lambda: client.delete_datastore(datastoreId=datastore)) == (404, "ResourceNotFoundException")


def test_data_stores_are_listed_in_pages(server):
    client = server.client()
    made = [client.create_datastore(datastoreName=f"paged-{number}")["datastoreId"] for number in range(5)]
    pages = list(client.get_paginator("list_datastores").paginate(PaginationConfig={"PageSize": 2}))
    assert len(pages) >= 3
    assert all(len(page["datastoreSummaries"]) <= 2 for page in pages)
    listed = [summary["datastoreId"] for page in pages for summary in page["datastoreSummaries"]]
    assert len(listed) == len(set(listed))
    assert set(made) <= set(listed)
    for datastore in made:
        client.delete_datastore(datastoreId=datastore)


def test_a_data_store_with_image_sets_is_not_deleted(server, studies):
    assert error_of(lambda: server.client().delete_datastore(datastoreId=studies[1])) == (409, "ConflictException")


def test_an_image_set_and_its_versions_are_described(server, studies):
    client, (_, datastore, image_sets) = server.client(), studies
    for image_set in image_sets:
        described = client.get_image_set(datastoreId=datastore, imageSetId=image_set)
        assert described["datastoreId"] == datastore
        assert described["imageSetId"] == image_set
        assert described["versionId"] == "1"
        assert described["imageSetState"] == "ACTIVE"
        assert described["imageSetWorkflowStatus"] == "CREATED"
        assert described["imageSetArn"].endswith(f":datastore/{datastore}/imageset/{image_set}")
        assert isinstance(described["createdAt"], datetime.datetime)
        assert client.get_image_set(datastoreId=datastore, imageSetId=image_set, versionId="1")["versionId"] == "1"

        versions = client.list_image_set_versions(datastoreId=datastore, imageSetId=image_set)
        assert [version["versionId"] for version in versions["imageSetPropertiesList"]] == ["1"]
        assert versions["imageSetPropertiesList"][0]["ImageSetWorkflowStatus"] == "CREATED"
        assert "nextToken" not in versions


def test_metadata_and_every_frame_it_names_are_served(server, studies):
    client, (_, datastore, image_sets) = server.client(), studies
    for image_set, frames in image_sets.items():
        response = client.get_image_set_metadata(datastoreId=datastore, imageSetId=image_set)
        assert response["contentType"] == "application/json"
        assert response["contentEncoding"] == "gzip"
        document = json.loads(gzip.decompress(response["imageSetMetadataBlob"].read()))
        assert document["DatastoreID"] == datastore
        assert document["ImageSetID"] == image_set
        ids = [
            frame["ID"]
            for series in document["Study"]["Series"].values()
            for instance in series["Instances"].values()
            for frame in instance["ImageFrames"]]
        assert len(ids) == frames
        for frame in ids:
            response = client.get_image_frame(
                datastoreId=datastore, imageSetId=image_set, imageFrameInformation={"imageFrameId": frame})
            assert response["contentType"] == "image/jph"
            body = response["imageFrameBlob"].read()
            assert len(body) == int(response["ResponseMetadata"]["HTTPHeaders"]["content-length"])
            assert body == (studies[0] / "datastores" / datastore / "imagesets" / image_set / "frames" / frame).read_bytes()


TEXT_FILTERS = [
    "DICOMPatientId", "DICOMAccessionNumber", "DICOMStudyId", "DICOMStudyInstanceUID", "DICOMSeriesInstanceUID"]


@pytest.mark.parametrize("attribute", TEXT_FILTERS)
def test_image_sets_are_found_by_text(server, studies, attribute):
    client, datastore = server.client(), studies[1]
    everything = summaries(client, datastore)
    values = sorted({summary["DICOMTags"][attribute] for summary in everything if attribute in summary["DICOMTags"]})
    assert values, f"the synthetic studies have {attribute}"
    for value in values:
        expected = {each["imageSetId"] for each in everything if each["DICOMTags"].get(attribute) == value}
        response = search(client, datastore, [{"values": [{attribute: value}], "operator": "EQUAL"}])
        assert set(found(response)) == expected
    assert found(search(client, datastore, [{"values": [{attribute: "999.9"}], "operator": "EQUAL"}])) == []
    low, high = values[0], values[len(values) // 2]
    between = search(client, datastore, [{"values": [{attribute: low}, {attribute: high}], "operator": "BETWEEN"}])
    assert set(found(between)) == {
        each["imageSetId"] for each in everything if low <= each["DICOMTags"].get(attribute, "") <= high}


@pytest.mark.parametrize("attribute", ["createdAt", "updatedAt"])
def test_image_sets_are_found_by_time(server, studies, attribute):
    client, datastore = server.client(), studies[1]
    everything = summaries(client, datastore)
    second = datetime.timedelta(seconds=1)
    for summary in everything:
        moment = summary[attribute]
        window = [{"values": [{attribute: moment - second}, {attribute: moment + second}], "operator": "BETWEEN"}]
        assert summary["imageSetId"] in found(search(client, datastore, window))
        equal = [{"values": [{attribute: moment}], "operator": "EQUAL"}]
        assert summary["imageSetId"] in found(search(client, datastore, equal))
    year = datetime.timedelta(days=365)
    last = max(each[attribute] for each in everything)
    future = [{"values": [{attribute: last + year}, {attribute: last + 2 * year}], "operator": "BETWEEN"}]
    assert found(search(client, datastore, future)) == []


def test_image_sets_are_found_by_study_date_and_time(server, studies):
    client, datastore = server.client(), studies[1]
    everything = summaries(client, datastore)
    dates = sorted({summary["DICOMTags"]["DICOMStudyDate"] for summary in everything})

    def by(operator, *moments):
        values = [{"DICOMStudyDateAndTime": moment} for moment in moments]
        return set(found(search(client, datastore, [{"values": values, "operator": operator}])))

    for date in dates:
        expected = {each["imageSetId"] for each in everything if each["DICOMTags"]["DICOMStudyDate"] == date}
        assert by("EQUAL", {"DICOMStudyDate": date}) == expected
    for each in everything:
        tags = each["DICOMTags"]
        exact = {"DICOMStudyDate": tags["DICOMStudyDate"], "DICOMStudyTime": tags["DICOMStudyTime"]}
        assert each["imageSetId"] in by("EQUAL", exact)
    everywhere = by("BETWEEN", {"DICOMStudyDate": "19000101", "DICOMStudyTime": "000000"}, {"DICOMStudyDate": "29991231"})
    assert everywhere == {each["imageSetId"] for each in everything}
    assert by("BETWEEN", {"DICOMStudyDate": "19000101"}, {"DICOMStudyDate": "19000102"}) == set()


def test_image_sets_are_found_by_being_primary_and_by_two_filters_at_once(server, studies):
    client, (_, datastore, image_sets) = server.client(), studies
    primary = [{"values": [{"isPrimary": True}], "operator": "EQUAL"}]
    assert set(found(search(client, datastore, primary))) == set(image_sets)
    assert found(search(client, datastore, [{"values": [{"isPrimary": False}], "operator": "EQUAL"}])) == []
    one = summaries(client, datastore)[0]
    study = {"values": [{"DICOMStudyInstanceUID": one["DICOMTags"]["DICOMStudyInstanceUID"]}], "operator": "EQUAL"}
    assert one["imageSetId"] in found(search(client, datastore, [*primary, study]))
    assert found(search(client, datastore, [
        study, {"values": [{"DICOMSeriesInstanceUID": "9.9"}], "operator": "EQUAL"}])) == []


def test_a_search_answers_in_the_order_asked_for_and_by_default_newest_first(server, studies):
    client, datastore = server.client(), studies[1]
    default = search(client, datastore)
    assert default["sort"] == {"sortField": "updatedAt", "sortOrder": "DESC"}
    moments = [summary["updatedAt"] for summary in default["imageSetsMetadataSummaries"]]
    assert moments == sorted(moments, reverse=True)
    keys = {
        "updatedAt": lambda each: each["updatedAt"],
        "createdAt": lambda each: each["createdAt"],
        "DICOMStudyDateAndTime": lambda each: (
            each["DICOMTags"]["DICOMStudyDate"], each["DICOMTags"].get("DICOMStudyTime", "")),
    }
    for field, key in keys.items():
        for order in ("ASC", "DESC"):
            answer = search(client, datastore, sort=(field, order))
            assert answer["sort"] == {"sortField": field, "sortOrder": order}
            values = [key(summary) for summary in answer["imageSetsMetadataSummaries"]]
            assert len(values) == 7
            assert values == sorted(values, reverse=order == "DESC")


def test_a_search_is_answered_in_pages_without_gap_or_repetition(server, studies):
    client, (_, datastore, image_sets) = server.client(), studies
    for size in (1, 3, 7, 50):
        pages = list(client.get_paginator("search_image_sets").paginate(
            datastoreId=datastore, searchCriteria={}, PaginationConfig={"PageSize": size}))
        listed = [image_set for page in pages for image_set in found(page)]
        assert len(listed) == len(set(listed)) == 7
        assert set(listed) == set(image_sets)
        assert len(pages) == -(-7 // size)
    token = search(client, datastore, maxResults=2)["nextToken"]
    other = lambda: search(client, datastore, sort=("createdAt", "ASC"), nextToken=token)
    assert error_of(other) == (400, "ValidationException")


def test_tags_are_put_on_listed_and_taken_off(server, studies):
    client, (_, datastore, image_sets) = server.client(), studies
    arns = [
        client.get_datastore(datastoreId=datastore)["datastoreProperties"]["datastoreArn"],
        client.get_image_set(datastoreId=datastore, imageSetId=next(iter(image_sets)))["imageSetArn"]]
    for arn in arns:
        client.tag_resource(resourceArn=arn, tags={"one": "1", "two.x": "zwei", "three/y": ""})
        client.tag_resource(resourceArn=arn, tags={"one": "changed"})
        assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {
            "one": "changed", "two.x": "zwei", "three/y": ""}
        client.untag_resource(resourceArn=arn, tagKeys=["one", "three/y", "absent"])
        assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"two.x": "zwei"}
        client.untag_resource(resourceArn=arn, tagKeys=["two.x"])
        assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {}
    unknown = arns[0].replace(datastore, "0" * 32)
    assert error_of(lambda: client.list_tags_for_resource(resourceArn=unknown)) == (404, "ResourceNotFoundException")
    assert error_of(lambda: client.tag_resource(resourceArn=arns[0], tags={"aws:x": "1"})) == (400, "ValidationException")


def test_a_deleted_image_set_is_gone_and_an_image_set_made_meanwhile_is_seen(server, studies):
    client, (store, _, _) = server.client(), studies
    datastore, image_set = synthesize(store, "CT", 2, 99)
    assert image_set in found(search(client, datastore)), "a running server sees what others commit"
    deleted = client.delete_image_set(datastoreId=datastore, imageSetId=image_set)
    assert deleted["imageSetState"] == "LOCKED"
    assert deleted["imageSetWorkflowStatus"] == "DELETING"
    address = {"datastoreId": datastore, "imageSetId": image_set}

    def is_gone():
        try:
            described = client.get_image_set(**address)
        except client.exceptions.ResourceNotFoundException:
            return True
        assert (described["imageSetState"], described["imageSetWorkflowStatus"]) == ("LOCKED", "DELETING")
        return False

    wait_until(is_gone, "the end of the image set")
    for call in (
        lambda: client.get_image_set_metadata(**address),
        lambda: client.list_image_set_versions(**address), lambda: client.delete_image_set(**address),
        lambda: client.get_image_frame(**address, imageFrameInformation={"imageFrameId": "0" * 32}),
    ):
        assert error_of(call) == (404, "ResourceNotFoundException")
    assert image_set not in found(search(client, datastore))


def test_what_does_not_exist_is_not_found(server, studies):
    client, (_, datastore, image_sets) = server.client(), studies
    image_set = next(iter(image_sets))
    nobody = "0" * 32
    for call in (
        lambda: client.get_datastore(datastoreId=nobody),
        lambda: search(client, nobody),
        lambda: client.get_image_set(datastoreId=datastore, imageSetId=nobody),
        lambda: client.get_image_set(datastoreId=datastore, imageSetId=image_set, versionId="2"),
        lambda: client.get_image_set_metadata(datastoreId=datastore, imageSetId=image_set, versionId="99999999999999999999"),
        lambda: client.get_image_frame(
            datastoreId=datastore, imageSetId=image_set, imageFrameInformation={"imageFrameId": nobody}),
    ):
        assert error_of(call) == (404, "ResourceNotFoundException")


def test_a_wrong_secret_an_unknown_key_a_stray_token_and_no_signature_are_refused(server):
    assert error_of(server.client(secret="wrong").list_datastores) == (403, "InvalidSignatureException")
    assert error_of(server.client(key="AKIDUNKNOWN").list_datastores) == (403, "UnrecognizedClientException")
    assert error_of(server.client(token="stray").list_datastores) == (403, "UnrecognizedClientException")
    assert error_of(server.client(signed=False).list_datastores) == (403, "MissingAuthenticationTokenException")
    assert server.client(region="eu-west-1").list_datastores()["datastoreSummaries"], "any region's signature is good"


def test_a_server_without_credentials_serves_unsigned_requests(studies):
    with Server(studies[0]) as server:
        assert found(search(server.client(signed=False), studies[1]))
        assert found(search(server.client(secret="anything"), studies[1]))
        assert server.stop() in (0, 130), "Ctrl-C ends the server in good order"
