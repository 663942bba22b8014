#!/usr/bin/env python3
"""Writes what botocore knows of the services, for the tests that hold our calls against it.

Usage: scripts/botocore-known-answers.py [OUTPUT_DIRECTORY]   (default: Tests/Fixtures/botocore)
Needs: pip install botocore (the version that boto3 in Tests/Interop/requirements.txt brings). Talks to nobody.

requests.json   each HealthImaging operation as botocore writes it: method, URL, body. Every member of every input shape
                of the model occurs in one of the cases; the script fails where one does not.
responses.json  for each operation an answer with every member of its output shape, one with the required members only,
                and, for listings, one that has a next page; made from the model
enums.json      the values of the model's enumerations
endpoints.json  the endpoints of each service in every region, plain, FIPS, dual stack and both, by botocore's rules
"""
import datetime
import json
import pathlib
import sys

import botocore.awsrequest
import botocore.config
import botocore.endpoint_provider
import botocore.exceptions
import botocore.session

STORE = "0123456789abcdef" * 2
IMAGE_SET = "fedcba9876543210" * 2
OTHER = "b" * 32
FRAME = "a" * 32
JOB = "job0123"
ARN = f"arn:aws:medical-imaging:us-east-1:123456789012:datastore/{STORE}/imageset/{IMAGE_SET}"
ROLE = "arn:aws:iam::123456789012:role/import"
KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
LAMBDA_ARN = "arn:aws:lambda:us-east-1:123456789012:function:check"
NEXT = "a+b/c=="
SERVICES = ["medical-imaging", "s3", "sts", "cloudformation"]


def moment(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def search(*filters, **more):
    values = [{"values": list(values), "operator": operator} for operator, *values in filters]
    return {"datastoreId": STORE, "maxResults": 50, "searchCriteria": ({"filters": values} if values else {}) | more}


# Name, operation, parameters. Tests/FrameEngineTests/Request/HealthImagingShapeCalls.swift makes the same calls by name.
CALLS = [
    ("CreateDatastore least", "CreateDatastore", {"clientToken": "t-1"}),
    ("CreateDatastore", "CreateDatastore", {
        "datastoreName": "one/two#3", "clientToken": "t-1", "tags": {"a key": "v/\u00fc", "b": ""},
        "kmsKeyArn": KEY_ARN, "lambdaAuthorizerArn": LAMBDA_ARN, "losslessStorageFormat": "JPEG_2000_LOSSLESS"}),
    ("DeleteDatastore", "DeleteDatastore", {"datastoreId": STORE}),
    ("GetDatastore", "GetDatastore", {"datastoreId": STORE}),
    ("ListDatastores", "ListDatastores", {"maxResults": 50}),
    ("ListDatastores page", "ListDatastores", {"datastoreStatus": "ACTIVE", "maxResults": 50, "nextToken": NEXT}),
    ("StartDICOMImportJob least", "StartDICOMImportJob", {
        "datastoreId": STORE, "dataAccessRoleArn": ROLE, "clientToken": "t-2", "inputS3Uri": "s3://in/a b/",
        "outputS3Uri": "s3://out/"}),
    ("StartDICOMImportJob", "StartDICOMImportJob", {
        "datastoreId": STORE, "dataAccessRoleArn": ROLE, "clientToken": "t-2", "inputS3Uri": "s3://in/",
        "outputS3Uri": "s3://out/", "jobName": "job", "inputOwnerAccountId": "210987654321",
        "importConfiguration": {"dicomJsonMetadataImportConfiguration": {"dicomMetadataMappings": [
            {"studyInstanceUID": "1.2", "metadataFilePath": "study.json"},
            {"studyInstanceUID": "1.2", "seriesInstanceUID": "1.2.3", "metadataFilePath": "series.json"}]}}}),
    ("GetDICOMImportJob", "GetDICOMImportJob", {"datastoreId": STORE, "jobId": JOB}),
    ("ListDICOMImportJobs", "ListDICOMImportJobs", {"datastoreId": STORE, "maxResults": 50}),
    ("ListDICOMImportJobs page", "ListDICOMImportJobs", {
        "datastoreId": STORE, "jobStatus": "FAILED", "maxResults": 50, "nextToken": NEXT}),
    ("SearchImageSets", "SearchImageSets", search()),
    ("SearchImageSets study series", "SearchImageSets", search(
        ("EQUAL", {"DICOMStudyInstanceUID": "1.2"}), ("EQUAL", {"DICOMSeriesInstanceUID": "1.2.3"}))),
    ("SearchImageSets accession study id", "SearchImageSets", search(
        ("EQUAL", {"DICOMAccessionNumber": "A 1"}), ("EQUAL", {"DICOMStudyId": "S\u00fc"}))),
    ("SearchImageSets patient dates", "SearchImageSets", search(
        ("EQUAL", {"DICOMPatientId": "P\"1"}),
        ("BETWEEN", {"DICOMStudyDateAndTime": {"DICOMStudyDate": "20230102", "DICOMStudyTime": "030405"}},
         {"DICOMStudyDateAndTime": {"DICOMStudyDate": "20240229", "DICOMStudyTime": "235959"}}))),
    ("SearchImageSets times", "SearchImageSets", search(
        ("BETWEEN", {"createdAt": moment(1_700_000_000)}, {"createdAt": moment(1_700_000_001)}),
        ("BETWEEN", {"updatedAt": moment(0)}, {"updatedAt": moment(1_700_000_002)}))),
    ("SearchImageSets sorted", "SearchImageSets", search(
        ("EQUAL", {"isPrimary": True}), sort={"sortField": "DICOMStudyDateAndTime", "sortOrder": "ASC"})),
    ("SearchImageSets page", "SearchImageSets", search(
        ("EQUAL", {"DICOMStudyInstanceUID": "1.2"})) | {"nextToken": NEXT}),
    ("GetImageSet", "GetImageSet", {"datastoreId": STORE, "imageSetId": IMAGE_SET}),
    ("GetImageSet version", "GetImageSet", {"datastoreId": STORE, "imageSetId": IMAGE_SET, "versionId": "12"}),
    ("GetImageSetMetadata", "GetImageSetMetadata", {"datastoreId": STORE, "imageSetId": IMAGE_SET}),
    ("GetImageSetMetadata version", "GetImageSetMetadata", {
        "datastoreId": STORE, "imageSetId": IMAGE_SET, "versionId": "12"}),
    ("GetImageFrame", "GetImageFrame", {
        "datastoreId": STORE, "imageSetId": IMAGE_SET, "imageFrameInformation": {"imageFrameId": FRAME}}),
    ("ListImageSetVersions", "ListImageSetVersions", {
        "datastoreId": STORE, "imageSetId": IMAGE_SET, "maxResults": 50}),
    ("ListImageSetVersions page", "ListImageSetVersions", {
        "datastoreId": STORE, "imageSetId": IMAGE_SET, "maxResults": 50, "nextToken": NEXT}),
    ("CopyImageSet least", "CopyImageSet", {
        "datastoreId": STORE, "sourceImageSetId": IMAGE_SET,
        "copyImageSetInformation": {"sourceImageSet": {"latestVersionId": "1"}}}),
    ("CopyImageSet", "CopyImageSet", {
        "datastoreId": STORE, "sourceImageSetId": IMAGE_SET, "force": True, "promoteToPrimary": False,
        "copyImageSetInformation": {
            "sourceImageSet": {"latestVersionId": "1", "DICOMCopies": {"copiableAttributes": "{\"a/b\":1}"}},
            "destinationImageSet": {"imageSetId": OTHER, "latestVersionId": "7"}}}),
    ("UpdateImageSetMetadata", "UpdateImageSetMetadata", {
        "datastoreId": STORE, "imageSetId": IMAGE_SET, "latestVersionId": "3",
        "updateImageSetMetadataUpdates": {"DICOMUpdates": {
            "removableAttributes": b"{\"remove\":1}", "updatableAttributes": b"{\"set\":\"\xc3\xbc?>\"}"}}}),
    ("UpdateImageSetMetadata revert", "UpdateImageSetMetadata", {
        "datastoreId": STORE, "imageSetId": IMAGE_SET, "latestVersionId": "3", "force": True,
        "includeStudyImageSets": False, "updateImageSetMetadataUpdates": {"revertToVersionId": "1"}}),
    ("DeleteImageSet", "DeleteImageSet", {"datastoreId": STORE, "imageSetId": IMAGE_SET}),
    ("ListTagsForResource", "ListTagsForResource", {"resourceArn": ARN}),
    ("TagResource", "TagResource", {"resourceArn": ARN, "tags": {"key one": "value/\u00fc"}}),
    ("UntagResource", "UntagResource", {"resourceArn": ARN, "tagKeys": ["b+key", "a/key", "c:"]}),
]


def members(shape, path=()):
    """The paths of all members of an input shape, those of structures included."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield path + (name,)
            yield from members(member, path + (name,))
    elif shape.type_name == "list":
        yield from members(shape.member, path)


def used(value, path=()):
    """The paths of all members that a call's parameters have."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield path + (name,)
            yield from used(member, path + (name,))
    elif isinstance(value, list):
        for member in value:
            yield from used(member, path)


def check_coverage(model):
    """Fails unless the calls use every operation and every member of the model."""
    missing = set(model.operation_names) - {operation for _, operation, _ in CALLS}
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        have = {path for _, name, parameters in CALLS if name == operation for path in used(parameters)}
        missing |= {f"{operation}: {'.'.join(path)}" for path in members(shape) if path not in have}
    if missing:
        raise SystemExit(f"CALLS uses too little of the model: {', '.join(sorted(missing))}")


def requests(session):
    """Each call as botocore writes it."""
    client = session.create_client(
        "medical-imaging", region_name="us-east-1", aws_access_key_id="K", aws_secret_access_key="S")
    check_coverage(client.meta.service_model)
    caught = []

    def before_send(request, **_):
        caught.append(request)
        return botocore.awsrequest.AWSResponse(request.url, 200, {}, type("Raw", (), {
            "stream": staticmethod(lambda: [b"{}"]), "read": staticmethod(lambda *_: b"")})())

    client.meta.events.register("before-send.medical-imaging", before_send)
    rows = []
    for name, operation, parameters in CALLS:
        caught.clear()
        method = next(key for key, value in client.meta.method_to_api_mapping.items() if value == operation)
        getattr(client, method)(**parameters)
        request = caught[0]
        body = request.body or b""
        rows.append({
            "name": name, "operation": operation, "method": request.method, "url": request.url,
            "body": body if isinstance(body, str) else body.decode(),
            "contentType": request.headers.get("Content-Type", b"").decode() if body else "",
            "isLaterPage": "nextToken" in parameters})
    return rows


class Sample:
    """Makes an answer from the model. No two values are the same, so that none can stand in for another."""

    def __init__(self):
        self.count = 0

    def of(self, shape, least):
        self.count += 1
        kind = shape.type_name
        if kind == "structure":
            return {
                member.serialization.get("name", name): self.of(member, least)
                for name, member in shape.members.items()
                if name != "nextToken" and (not least or name in shape.required_members)}
        if kind == "list":
            return [self.of(shape.member, least)]
        if kind == "map":
            return {f"key {self.count}": f"value {self.count}"}
        if kind == "timestamp":
            return 1_700_000_000 + self.count + 0.25
        if kind == "integer":
            return 100 + self.count
        if kind == "boolean":
            return True
        if kind == "string":
            return self.text(shape)
        raise SystemExit(f"no sample for {kind}")

    def text(self, shape):
        if shape.enum:
            return shape.enum[self.count % len(shape.enum)]
        pattern = shape.metadata.get("pattern", "")
        if pattern == "[0-9a-z]{32}":
            return f"{self.count:032x}"
        if pattern in (r"\d+", "[0-9.]+"):
            return f"{self.count}"
        return f"text{self.count}"


def responses(session):
    """For each operation, answers as JSON, and what of the answer is not JSON."""
    model = session.get_service_model("medical-imaging")
    rows = {}
    for operation in model.operation_names:
        shape = model.operation_model(operation).output_shape
        if shape.serialization.get("payload"):
            rows[operation] = {"payload": shape.serialization["payload"], "headers": sorted(
                member.serialization["name"] for member in shape.members.values()
                if member.serialization.get("location") == "header")}
            continue
        row = {"full": Sample().of(shape, least=False), "least": Sample().of(shape, least=True)}
        if "nextToken" in shape.members:
            row["paged"] = row["least"] | {shape.members["nextToken"].serialization.get("name", "nextToken"): NEXT}
        rows[operation] = {key: json.dumps(value, sort_keys=True) for key, value in row.items()}
    return rows


def enums(session):
    """Every enumeration of the model by its shape's name."""
    model = session.get_service_model("medical-imaging")
    shapes = {name: model.shape_for(name) for name in model.shape_names}
    return {name: shape.enum for name, shape in shapes.items() if getattr(shape, "enum", None)}


def endpoints(session):
    """The endpoint of each service in each region and variant; null where the rules refuse."""
    loader = session.get_component("data_loader")
    partitions = loader.load_data("partitions")
    regions = sorted(
        region for partition in partitions["partitions"] for region in partition["regions"] if "global" not in region)
    rows = {}
    for service in SERVICES:
        rules = loader.load_service_model(service, "endpoint-rule-set-1")
        provider = botocore.endpoint_provider.EndpointProvider(rules, partitions)
        rows[service] = {}
        # A region that no list has yet must work as well.
        for region in regions + ["xx-new-1"]:
            urls = []
            for fips in (False, True):
                for dual_stack in (False, True):
                    parameters = {"Region": region, "UseFIPS": fips, "UseDualStack": dual_stack}
                    if service == "s3":
                        parameters |= {"ForcePathStyle": True, "Accelerate": False, "UseGlobalEndpoint": False,
                                       "DisableMultiRegionAccessPoints": False}
                    try:
                        endpoint = provider.resolve_endpoint(**parameters)
                    except botocore.exceptions.EndpointProviderError:
                        urls.append(None)
                        continue
                    scheme = (endpoint.properties.get("authSchemes") or [{}])[0]
                    assert scheme.get("signingRegion", region) == region, (service, region, scheme)
                    urls.append(endpoint.url)
            rows[service][region] = urls
    return rows


def main():
    if len(sys.argv) > 1 and sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return
    root = pathlib.Path(__file__).resolve().parent.parent
    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "Tests" / "Fixtures" / "botocore"
    output.mkdir(parents=True, exist_ok=True)
    session = botocore.session.Session()
    for table in (requests, responses, enums, endpoints):
        answers = table(session)
        document = {
            "generator": "scripts/botocore-known-answers.py", "botocore": botocore.__version__, "answers": answers}
        text = json.dumps(document, indent=1, sort_keys=True) + "\n"
        (output / f"{table.__name__}.json").write_text(text)
        print(f"{table.__name__}: {len(answers)}")


if __name__ == "__main__":
    main()
