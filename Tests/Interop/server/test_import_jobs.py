"""boto3 drives the import jobs of `hi-fetch local serve`: what they take, what they leave, and how they fail."""

import gzip
import io
import json
import secrets

import pydicom
import pytest

from built_program import KEY, SECRET
from server_support import Server, error_of, wait_until

CHEST = "00029d25-fb18-4d42-aaa5-a0897d1ac8f7"
PELVIS = "00025d30-ef8f-4135-a35a-d83eff264fc1"
BREAST = "0002dd07-0b7f-4a68-a655-44461ca34096"
ROLE = "arn:aws:iam::123456789012:role/importer"


class Place:
    """A data store and a bucket of its own on a server."""

    def __init__(self, server):
        self.imaging = server.client()
        self.s3 = server.client(service="s3")
        self.bucket = "jobs-" + secrets.token_hex(8)
        self.s3.create_bucket(Bucket=self.bucket)
        self.datastore = self.imaging.create_datastore(datastoreName=self.bucket)["datastoreId"]

    def sources(self, folder, count):
        found = self.s3.list_objects_v2(Bucket="idc-open-data", Prefix=folder + "/", MaxKeys=count)
        return [each["Key"] for each in found["Contents"]]

    def copy(self, keys, folder):
        for key in keys:
            self.s3.copy_object(
                Bucket=self.bucket, Key=f"{folder}/{key.rsplit('/', 1)[1]}",
                CopySource={"Bucket": "idc-open-data", "Key": key})

    def change(self, key, target, **attributes):
        """Copies a file of the built-in bucket with other attributes."""
        dataset = pydicom.dcmread(io.BytesIO(self.s3.get_object(Bucket="idc-open-data", Key=key)["Body"].read()))
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        if "SOPInstanceUID" in attributes:
            dataset.file_meta.MediaStorageSOPInstanceUID = attributes["SOPInstanceUID"]
        buffer = io.BytesIO()
        dataset.save_as(buffer)
        self.s3.put_object(Bucket=self.bucket, Key=target, Body=buffer.getvalue())

    def start(self, folder, **more):
        arguments = {
            "datastoreId": self.datastore, "dataAccessRoleArn": ROLE, "inputS3Uri": f"s3://{self.bucket}/{folder}/",
            "outputS3Uri": f"s3://{self.bucket}/results", **more}
        return self.imaging.start_dicom_import_job(**arguments)

    def job(self, job):
        return self.imaging.get_dicom_import_job(datastoreId=self.datastore, jobId=job)["jobProperties"]

    def end(self, started):
        wait_until(lambda: "endedAt" in self.job(started["jobId"]), "the end of the job", seconds=300)
        return self.job(started["jobId"])

    def run(self, folder, **more):
        return self.end(self.start(folder, **more))

    def output(self, job, name):
        bucket, prefix = job["outputS3Uri"].removeprefix("s3://").split("/", 1)
        return self.s3.get_object(Bucket=bucket, Key=prefix + name)["Body"].read()

    def summary(self, job):
        return json.loads(self.output(job, "job-output-manifest.json"))["jobSummary"]

    def lines(self, job, name):
        return [json.loads(line) for line in self.output(job, name).splitlines()]

    def image_sets(self, **filters):
        criteria = {"filters": [{"values": [filters], "operator": "EQUAL"}]} if filters else {}
        return self.imaging.search_image_sets(
            datastoreId=self.datastore, searchCriteria=criteria)["imageSetsMetadataSummaries"]

    def settle(self, image_set):
        wait_until(lambda: self.imaging.get_image_set(
            datastoreId=self.datastore, imageSetId=image_set)["imageSetState"] == "ACTIVE", "an active image set")

    def document(self, image_set, **version):
        blob = self.imaging.get_image_set_metadata(datastoreId=self.datastore, imageSetId=image_set, **version)
        return json.loads(gzip.decompress(blob["imageSetMetadataBlob"].read()))


def instances(document):
    return [uid for series in document["Study"]["Series"].values() for uid in series["Instances"]]


@pytest.fixture
def place(server):
    return Place(server)


def test_half_the_files_are_not_dicom_and_the_job_is_completed(place):
    keys = place.sources(BREAST, 3)
    place.copy(keys, "in")
    for number in range(3):
        place.s3.put_object(Bucket=place.bucket, Key=f"in/not {number}+ü.txt", Body=b"no DICOM " * number)
    job = place.run("in", jobName="half/of.it")
    assert (job["jobStatus"], job["jobName"]) == ("COMPLETED", "half/of.it")
    assert job["outputS3Uri"] == f"s3://{place.bucket}/results/{place.datastore}-DicomImport-{job['jobId']}/"
    assert job["submittedAt"] <= job["endedAt"] and "message" not in job
    summary = place.summary(job)
    assert summary["numberOfScannedFiles"] == 6
    assert (summary["numberOfImportedFiles"], summary["numberOfFilesWithCustomerError"]) == (3, 3)
    assert summary["numberOfGeneratedImageSets"] == len(summary["imageSetsSummary"]) == 1
    image_set = summary["imageSetsSummary"][0]
    assert (image_set["imageSetVersion"], image_set["isPrimary"]) == (1, True)
    successes = place.lines(job, "SUCCESS/success.ndjson")
    assert [each["inputFile"].rsplit("/", 1)[1] for each in successes] == [key.rsplit("/", 1)[1] for key in keys]
    assert all(each["importResponse"]["imageSetId"] == image_set["imageSetId"] for each in successes)
    failures = place.lines(job, "FAILURE/failure.ndjson")
    assert [each["inputFile"] for each in failures] == [f"in/not {number}+ü.txt" for number in range(3)]
    assert all(each["exception"]["exceptionType"] == "ValidationException" for each in failures)
    assert place.lines(job, "WARNING/warning.ndjson") == []
    assert [each["imageSetId"] for each in place.image_sets()] == [image_set["imageSetId"]]


def test_a_job_that_cannot_begin_is_failed_and_says_why(place):
    place.copy(place.sources(CHEST, 1), "in")
    for folder, more, word in [
        ("empty", {}, "No files"),
        ("in", {"inputS3Uri": "s3://there-is-no-such-bucket/in/"}, "there-is-no-such-bucket does not exist"),
        ("in", {"outputS3Uri": "s3://there-is-no-such-bucket/out/"}, "there-is-no-such-bucket does not exist"),
        ("in", {"outputS3Uri": "s3://idc-open-data/out/"}, "denied"),
    ]:
        job = place.run(folder, **more)
        assert job["jobStatus"] == "FAILED" and word in job["message"], job
    assert place.image_sets() == []
    failed = place.imaging.list_dicom_import_jobs(datastoreId=place.datastore, jobStatus="FAILED")["jobSummaries"]
    assert len(failed) == 4 and all(each["message"] for each in failed)


def test_a_request_for_a_job_that_makes_no_sense_is_refused(place):
    for more in (
        {"inputS3Uri": "https://bucket/in"}, {"outputS3Uri": "s3://NOT/out"}, {"jobName": "a b"},
        {"dataAccessRoleArn": "arn:aws:iam::123456789012:user/somebody"},
        {"importConfiguration": {"dicomJsonMetadataImportConfiguration": {"dicomMetadataMappings": [
            {"studyInstanceUID": "1.2", "metadataFilePath": "a.json"}]}}},
    ):
        assert error_of(lambda: place.start("in", **more)) == (400, "ValidationException")
    other = {"dataAccessRoleArn": "arn:aws:iam::210987654321:role/importer"}
    assert error_of(lambda: place.start("in", **other)) == (403, "AccessDeniedException")
    assert error_of(lambda: place.start("in", datastoreId="0" * 32)) == (404, "ResourceNotFoundException")
    assert error_of(lambda: place.job("0" * 32)) == (404, "ResourceNotFoundException")
    assert place.imaging.list_dicom_import_jobs(datastoreId=place.datastore)["jobSummaries"] == []


def test_the_same_token_starts_one_job_and_jobs_are_listed_in_pages(place):
    token = secrets.token_hex(8)
    started = [place.start("empty", clientToken=token) for _ in range(2)]
    assert started[0]["jobId"] == started[1]["jobId"]
    assert error_of(lambda: place.start("other", clientToken=token)) == (409, "ConflictException")
    more = [place.start("empty") for _ in range(4)]
    for each in [started[0], *more]:
        place.end(each)
    pages = list(place.imaging.get_paginator("list_dicom_import_jobs").paginate(
        datastoreId=place.datastore, PaginationConfig={"PageSize": 2}))
    listed = [each["jobId"] for page in pages for each in page["jobSummaries"]]
    assert listed == [each["jobId"] for each in [*reversed(more), started[0]]], "the newest first"
    assert place.imaging.list_dicom_import_jobs(
        datastoreId=place.datastore, jobStatus="COMPLETED")["jobSummaries"] == []


def test_more_of_a_series_is_a_new_version_and_old_versions_are_kept(place):
    first, second, third = place.sources(BREAST, 3)
    place.copy([first, second], "one")
    place.copy([second, third], "two")
    image_set = place.summary(place.run("one"))["imageSetsSummary"][0]["imageSetId"]
    again = place.summary(place.run("two"))["imageSetsSummary"]
    assert [(each["imageSetId"], each["imageSetVersion"], each["isPrimary"]) for each in again] == [(image_set, 2, True)]
    assert [len(instances(place.document(image_set, **version))) for version in ({"versionId": "1"}, {})] == [2, 3]
    versions = place.imaging.list_image_set_versions(datastoreId=place.datastore, imageSetId=image_set)
    assert [each["versionId"] for each in versions["imageSetPropertiesList"]] == ["2", "1"]
    found = place.image_sets()
    assert [(each["imageSetId"], each["version"]) for each in found] == [(image_set, 2)]
    for version in ("1", "2"):
        document = place.document(image_set, versionId=version)
        for series in document["Study"]["Series"].values():
            for instance in series["Instances"].values():
                for frame in instance["ImageFrames"]:
                    body = place.imaging.get_image_frame(
                        datastoreId=place.datastore, imageSetId=image_set,
                        imageFrameInformation={"imageFrameId": frame["ID"]})["imageFrameBlob"].read()
                    assert len(body) == frame["FrameSizeInBytes"]
    identical = place.summary(place.run("two"))["imageSetsSummary"][0]
    assert (identical["imageSetId"], identical["imageSetVersion"]) == (image_set, 3)
    assert sorted(instances(place.document(image_set))) == sorted(instances(place.document(image_set, versionId="2")))


def test_conflicting_patient_data_makes_an_image_set_that_is_not_primary(place):
    first, second = place.sources(CHEST, 2)
    place.copy([first], "one")
    place.change(second, "two/changed.dcm", PatientID="SOMEONE-ELSE")
    primary = place.summary(place.run("one"))["imageSetsSummary"][0]
    job = place.run("two")
    other = place.summary(job)["imageSetsSummary"][0]
    assert other["imageSetId"] != primary["imageSetId"]
    assert (primary["isPrimary"], other["isPrimary"], other["imageSetVersion"]) == (True, False, 1)
    assert place.lines(job, "SUCCESS/success.ndjson")[0]["importResponse"]["isPrimary"] is False
    assert [each["imageSetId"] for each in place.image_sets(isPrimary=False)] == [other["imageSetId"]]
    described = place.imaging.get_image_set(datastoreId=place.datastore, imageSetId=other["imageSetId"])
    assert described["isPrimary"] is False

    address = {"datastoreId": place.datastore, "imageSetId": other["imageSetId"]}
    mended = json.dumps({"SchemaVersion": 1.1, "Patient": {"DICOM": {
        "PatientID": place.document(primary["imageSetId"])["Patient"]["DICOM"]["PatientID"]}}}).encode()
    place.imaging.update_image_set_metadata(
        **address, latestVersionId="1",
        updateImageSetMetadataUpdates={"DICOMUpdates": {"updatableAttributes": mended}})
    place.settle(other["imageSetId"])
    copied = place.imaging.copy_image_set(
        datastoreId=place.datastore, sourceImageSetId=other["imageSetId"], copyImageSetInformation={
            "sourceImageSet": {"latestVersionId": "2"},
            "destinationImageSet": {"imageSetId": primary["imageSetId"], "latestVersionId": "1"}})
    assert copied["destinationImageSetProperties"]["latestVersionId"] == "2"
    assert copied["destinationImageSetProperties"]["imageSetState"] == "LOCKED"
    assert copied["sourceImageSetProperties"]["imageSetWorkflowStatus"] == "COPYING_WITH_READ_ONLY_ACCESS"
    place.settle(primary["imageSetId"])
    assert len(instances(place.document(primary["imageSetId"]))) == 2


def test_metadata_is_updated_under_the_version_that_was_read_and_reverted(place):
    place.copy(place.sources(CHEST, 2), "in")
    image_set = place.summary(place.run("in"))["imageSetsSummary"][0]["imageSetId"]
    address = {"datastoreId": place.datastore, "imageSetId": image_set}

    def update(version, updates, **more):
        return place.imaging.update_image_set_metadata(
            **address, latestVersionId=version, updateImageSetMetadataUpdates=updates, **more)

    text = json.dumps({"SchemaVersion": 1.1, "Study": {"DICOM": {"StudyDescription": "Änderung"}}}).encode()
    updated = update("1", {"DICOMUpdates": {"updatableAttributes": text}})
    assert (updated["latestVersionId"], updated["imageSetState"]) == ("2", "LOCKED")
    assert updated["imageSetWorkflowStatus"] == "UPDATING"
    assert error_of(lambda: update("2", {"revertToVersionId": "1"})) == (409, "ConflictException"), "it is LOCKED"
    place.settle(image_set)
    assert place.imaging.get_image_set(**address)["imageSetWorkflowStatus"] == "UPDATED"
    assert error_of(lambda: update("1", {"revertToVersionId": "1"})) == (409, "ConflictException"), "it is stale"
    assert place.document(image_set)["Study"]["DICOM"]["StudyDescription"] == "Änderung"
    assert place.image_sets()[0]["DICOMTags"]["DICOMStudyDescription"] == "Änderung"
    first = instances(place.document(image_set))[0]
    series = next(iter(place.document(image_set)["Study"]["Series"]))
    removal = json.dumps({"SchemaVersion": 1.1, "Study": {"Series": {series: {"Instances": {first: {}}}}}}).encode()
    update("2", {"DICOMUpdates": {"removableAttributes": removal}})
    place.settle(image_set)
    assert first not in instances(place.document(image_set))
    assert update("3", {"revertToVersionId": "1"})["latestVersionId"] == "4"
    place.settle(image_set)
    assert place.document(image_set) == place.document(image_set, versionId="1")
    uid = json.dumps({"SchemaVersion": 1.1, "Study": {"DICOM": {"StudyInstanceUID": "1.2.3"}}}).encode()
    assert error_of(lambda: update("4", {"DICOMUpdates": {"updatableAttributes": uid}}, force=True)) == (
        400, "ValidationException")


def test_an_image_set_is_locked_while_it_is_deleted_and_its_data_store_stays_until_then(place):
    place.copy(place.sources(CHEST, 1), "in")
    image_set = place.summary(place.run("in"))["imageSetsSummary"][0]["imageSetId"]
    address = {"datastoreId": place.datastore, "imageSetId": image_set}
    assert error_of(lambda: place.imaging.delete_datastore(datastoreId=place.datastore)) == (409, "ConflictException")
    assert place.imaging.delete_image_set(**address)["imageSetState"] == "LOCKED"
    assert place.image_sets() == []

    def is_gone():
        try:
            described = place.imaging.get_image_set(**address)
        except place.imaging.exceptions.ResourceNotFoundException:
            return True
        assert (described["imageSetState"], described["imageSetWorkflowStatus"]) == ("LOCKED", "DELETING")
        return False

    wait_until(is_gone, "the end of the image set")
    assert place.imaging.delete_datastore(datastoreId=place.datastore)["datastoreStatus"] == "DELETING"


def test_a_job_that_a_kill_interrupted_is_ended_by_the_next_server(tmp_path):
    options = ["--credentials", f"{KEY}:{SECRET}"]
    with Server(tmp_path / "store", *options) as server:
        place = Place(server)
        started = place.start("unused", inputS3Uri=f"s3://idc-open-data/{PELVIS}/")
        wait_until(lambda: place.job(started["jobId"])["jobStatus"] == "IN_PROGRESS", "the job's beginning")
        server.kill()
    with Server(tmp_path / "store", *options) as server:
        place.imaging, place.s3 = server.client(), server.client(service="s3")
        job = place.end(started)
        assert job["jobStatus"] == "COMPLETED"
        assert [each["imageSetVersion"] for each in place.summary(job)["imageSetsSummary"]] == [1]
        assert [each["version"] for each in place.image_sets()] == [1]
        assert len(instances(place.document(place.image_sets()[0]["imageSetId"]))) == 57


def test_the_aws_command_line_starts_describes_and_lists_jobs(aws_cli, server):
    place = Place(server)
    place.copy(place.sources(CHEST, 2), "in")
    started = aws_cli(
        "medical-imaging", "start-dicom-import-job", "--datastore-id", place.datastore, "--job-name", "by-hand",
        "--data-access-role-arn", ROLE, "--input-s3-uri", f"s3://{place.bucket}/in/", "--output-s3-uri",
        f"s3://{place.bucket}/out/")
    assert started["jobStatus"] == "SUBMITTED"
    address = ["--datastore-id", place.datastore]

    def properties():
        return aws_cli("medical-imaging", "get-dicom-import-job", *address, "--job-id", started["jobId"])["jobProperties"]

    wait_until(lambda: properties()["jobStatus"] == "COMPLETED", "the end of the job", seconds=300)
    listed = aws_cli("medical-imaging", "list-dicom-import-jobs", *address, "--job-status", "COMPLETED")["jobSummaries"]
    assert [(each["jobId"], each["jobName"]) for each in listed] == [(started["jobId"], "by-hand")]
    image_set = aws_cli(
        "medical-imaging", "search-image-sets", *address, "--search-criteria", "{}",
    )["imageSetsMetadataSummaries"][0]["imageSetId"]
    text = json.dumps({"SchemaVersion": 1.1, "Study": {"DICOM": {"StudyDescription": "by hand"}}})
    updated = aws_cli(
        "medical-imaging", "update-image-set-metadata", *address, "--image-set-id", image_set,
        "--latest-version-id", "1", "--update-image-set-metadata-updates",
        json.dumps({"DICOMUpdates": {"updatableAttributes": text}}))
    assert updated["latestVersionId"] == "2"
    place.settle(image_set)
    copied = aws_cli(
        "medical-imaging", "copy-image-set", *address, "--source-image-set-id", image_set,
        "--copy-image-set-information", json.dumps({"sourceImageSet": {"latestVersionId": "2"}}))
    copy = copied["destinationImageSetProperties"]["imageSetId"]
    place.settle(copy)
    for each in (image_set, copy):
        deleted = aws_cli("medical-imaging", "delete-image-set", *address, "--image-set-id", each)
        assert deleted["imageSetWorkflowStatus"] == "DELETING"
    wait_until(lambda: place.image_sets() == [], "the end of the image sets")
