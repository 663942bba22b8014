#!/usr/bin/env python3
"""Writes the SigV4 known answers that the tests replay: what botocore signs for the same input.

Usage: scripts/sigv4-known-answers.py [OUTPUT_DIRECTORY]   (default: Tests/Fixtures/sigv4)
Needs: pip install botocore (the version that boto3 in Tests/Interop/requirements.txt brings). Talks to nobody; the clock
is frozen per case.
"""
import datetime
import json
import pathlib
import sys
import urllib.parse

import botocore
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.session

KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//token+with/odd==characters"
TIMES = ["2015-08-30T12:36:00", "2024-02-29T23:59:59", "2026-01-01T00:00:00", "2100-03-01T06:07:08"]
DATASTORE = "0123456789abcdef0123456789abcdef"
IMAGE_SET = "fedcba9876543210fedcba9876543210"
ARN = f"arn:aws:medical-imaging:us-east-1:123456789012:datastore/{DATASTORE}/imageset/{IMAGE_SET}"


class Clock:
    """Replaces botocore's clock and remembers what was signed."""

    def __init__(self):
        self.now = TIMES[0]
        self.canonical = self.to_sign = None
        botocore.auth.get_current_datetime = lambda remove_tzinfo=True: datetime.datetime.fromisoformat(self.now)
        original = botocore.auth.SigV4Auth.string_to_sign

        def string_to_sign(auth, request, canonical):
            self.canonical, self.to_sign = canonical, original(auth, request, canonical)
            return self.to_sign

        botocore.auth.SigV4Auth.string_to_sign = string_to_sign


def case(clock, name, *, method, url, headers, body, service, region, token, style):
    """One row: the inputs, and the answers that botocore has just produced."""
    text = lambda value: value.decode() if isinstance(value, bytes) else value
    authorization = text(headers["Authorization"])
    signed = authorization.split("SignedHeaders=")[1].split(",")[0].split(";")
    own = {"host", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"}
    fields = [[k, text(v)] for k, v in headers.items() if k.lower() in signed and k.lower() not in own]
    moment = datetime.datetime.fromisoformat(clock.now).replace(tzinfo=datetime.timezone.utc)
    return {
        "name": name, "service": service, "region": region, "pathStyle": style,
        "epochSeconds": int(moment.timestamp()), "timestamp": text(headers["X-Amz-Date"]),
        "accessKeyID": KEY, "secretAccessKey": SECRET, "sessionToken": token,
        "method": method, "url": url, "fields": fields, "body": text(body or b""),
        "canonicalRequest": clock.canonical, "stringToSign": clock.to_sign, "authorization": authorization,
    }


def operations(clock):
    """Every operation kind of the service through the real client, as serialised and signed by botocore."""
    ids = {"datastoreId": DATASTORE, "imageSetId": IMAGE_SET}
    uid = "1.2.840.113619.2.55.3.604688119.969.1.1"
    calls = [
        ("create_datastore", {"datastoreName": "one/two#3", "clientToken": "token-1"}),
        ("get_datastore", {"datastoreId": DATASTORE}),
        ("delete_datastore", {"datastoreId": DATASTORE}),
        ("list_datastores", {}),
        ("list_datastores", {"datastoreStatus": "ACTIVE", "maxResults": 7, "nextToken": "a+b/c=="}),
        ("start_dicom_import_job", {
            "jobName": "job", "dataAccessRoleArn": "arn:aws:iam::123456789012:role/import", "clientToken": "t",
            "datastoreId": DATASTORE, "inputS3Uri": "s3://in/a b/", "outputS3Uri": "s3://out/"}),
        ("get_dicom_import_job", {"datastoreId": DATASTORE, "jobId": IMAGE_SET}),
        ("list_dicom_import_jobs", {"datastoreId": DATASTORE, "jobStatus": "FAILED"}),
        ("search_image_sets", {"datastoreId": DATASTORE, "searchCriteria": {}}),
        ("search_image_sets", {
            "datastoreId": DATASTORE, "maxResults": 50, "nextToken": "~tok en&=%?\u00e9",
            "searchCriteria": {"filters": [
                {"values": [{"DICOMStudyInstanceUID": uid}], "operator": "EQUAL"}]}}),
        ("get_image_set", dict(ids)),
        ("get_image_set", dict(ids, versionId="12")),
        ("get_image_set_metadata", dict(ids)),
        ("get_image_set_metadata", dict(ids, versionId="3")),
        ("get_image_frame", dict(ids, imageFrameInformation={"imageFrameId": "a" * 32})),
        ("list_image_set_versions", dict(ids, maxResults=2)),
        ("update_image_set_metadata", dict(
            ids, latestVersionId="1", force=True, updateImageSetMetadataUpdates={"revertToVersionId": "1"})),
        ("copy_image_set", {
            "datastoreId": DATASTORE, "sourceImageSetId": IMAGE_SET,
            "copyImageSetInformation": {"sourceImageSet": {"latestVersionId": "1"}}}),
        ("delete_image_set", dict(ids)),
        ("list_tags_for_resource", {"resourceArn": ARN}),
        ("tag_resource", {"resourceArn": ARN, "tags": {"key one": "value/\u00fc"}}),
        ("untag_resource", {"resourceArn": ARN, "tagKeys": ["b key", "a/key", "~c"]}),
    ]
    endpoints = [
        ("us-east-1", None, None), ("eu-west-2", TOKEN, None), ("ap-southeast-2", None, "http://127.0.0.1:8080"),
        ("us-west-2", TOKEN, "https://proxy.example.com:8443/prefix"),
    ]
    rows = []
    for number, (region, token, endpoint) in enumerate(endpoints):
        session = botocore.session.Session()
        session.set_credentials(KEY, SECRET, token)
        client = session.create_client(
            "medical-imaging", region_name=region, endpoint_url=endpoint,
            config=botocore.config.Config(inject_host_prefix=endpoint is None))
        caught = []

        def before_send(request, **_):
            caught.append(request)
            return botocore.awsrequest.AWSResponse(request.url, 200, {}, type("Raw", (), {
                "stream": staticmethod(lambda: [b"{}"]), "read": staticmethod(lambda *_: b"")})())

        client.meta.events.register("before-send.medical-imaging", before_send)
        for index, (operation, arguments) in enumerate(calls):
            clock.now = TIMES[(index + number) % len(TIMES)]
            caught.clear()
            getattr(client, operation)(**arguments)
            request = caught[0]
            rows.append(case(
                clock, f"{operation} {index} {region}", method=request.method, url=request.url,
                headers=request.headers, body=request.body, service="medical-imaging", region=region,
                token=token, style="encodedTwice"))
    return rows


def sign(clock, name, auth, *, method="GET", url, headers=(), body=b"", service, region="us-east-1", token=None,
         time=0):
    clock.now = TIMES[time]
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body)
    for key, value in headers:
        request.headers[key] = value  # HTTPHeaders keeps several of one name
    auth(botocore.credentials.Credentials(KEY, SECRET, token), service, region).add_auth(request)
    style = "asSent" if auth is botocore.auth.S3SigV4Auth else "encodedTwice"
    return case(clock, name, method=method, url=url, headers=request.headers, body=body, service=service,
                region=region, token=token, style=style)


def queries(clock):
    """Odd characters, repeated and empty names, order by encoded bytes."""
    quote = lambda text: urllib.parse.quote(text, safe="-._~")
    sets = [
        [], [("a", "")], [("b", "2"), ("a", "1")], [("a", "2"), ("a", "1")], [("A", "1"), ("a", "1"), ("_", "1")],
        [("a b", "c d")], [("a", "b=c")], [("a", "b&c")], [("tagKeys", "x/y"), ("tagKeys", "x:y"), ("tagKeys", "~")],
        [("\u00e9", "\u65e5\u672c"), ("e", "\U0001f600")], [("p", "!*'()")], [("p", "+%25")], [("a-b", "1"), ("a", "2")],
        [("a1", "x"), ("a", "y"), ("a.", "z")], [("version", "1"), ("nextToken", "AQ==/+")],
    ]
    rows = []
    for index, pairs in enumerate(sets):
        query = "&".join(f"{quote(k)}={quote(v)}" for k, v in pairs)
        rows.append(sign(
            clock, f"query {index}", botocore.auth.SigV4Auth, url=f"https://example.amazonaws.com/path?{query}",
            service="medical-imaging", time=index % 4))
    for index, query in enumerate(["lonely", "b&a", "a=1&b"]):
        rows.append(sign(
            clock, f"name without value {index}", botocore.auth.SigV4Auth,
            url=f"https://example.amazonaws.com/?{query}", service="medical-imaging"))
    return rows


def paths(clock):
    """Paths and hosts, encoded once more for all services but S3."""
    urls = [
        "https://example.amazonaws.com", "https://example.amazonaws.com/", "https://example.amazonaws.com//",
        "https://example.amazonaws.com/a//b///c", "https://example.amazonaws.com/a/./b/../c",
        "https://example.amazonaws.com/a/b/", "https://example.amazonaws.com/../x", "https://example.amazonaws.com/~user/-._",
        "https://example.amazonaws.com/tags/" + urllib.parse.quote(ARN, safe=""),
        "https://example.amazonaws.com/a%20b/%E6%97%A5", "https://example.amazonaws.com/a:b@c,d;e=f$g!h'(i)*j+k&l",
        "https://example.amazonaws.com:443/x", "https://example.amazonaws.com:8443/x", "http://example.amazonaws.com:80/x",
        "http://example.amazonaws.com:8080/x", "http://localhost:1/", "http://127.0.0.1:9999/prefix/datastore",
        "http://[::1]:8080/datastore", "https://Example.AmazonAWS.com/x", "http://example.com:443/x?a=1",
    ]
    return [sign(clock, f"path {index}", botocore.auth.SigV4Auth, url=url, service="medical-imaging",
                 token=TOKEN if index % 3 == 0 else None, time=index % 4) for index, url in enumerate(urls)]


def headers(clock):
    """Blanks, repeated fields, case, bodies."""
    url = "https://example.amazonaws.com/"
    body = json.dumps({"text": "na\u00efve \u65e5\u672c"}, ensure_ascii=False).encode()
    sets = [
        [("My-Header1", "  a   b   c  ")], [("My-Header2", '"a   b   c"')], [("My-Header1", "value\tone")],
        [("X-Multi", "second"), ("X-Multi", " first  one ")], [("Zoo", "1"), ("ALPHA", "2"), ("a-b", "3"), ("a", "4")],
        [("Content-Type", "application/json")], [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
        [("X-Empty", "")],
    ]
    return [sign(clock, f"headers {index} {method}", botocore.auth.SigV4Auth, method=method, url=url, headers=fields,
                 body=data, service=service, region=region, token=token, time=index % 4)
            for index, fields in enumerate(sets)
            for method, data, service, region, token in [
                ("GET", b"", "medical-imaging", "us-east-1", None),
                ("POST", body, "cloudformation", "cn-north-1", TOKEN)]]


def s3(clock):
    """S3: the path as sent, the payload's hash as a field."""
    keys = ["", "key", "a/b/c.dcm", "a%20b", "a//b", "./x/../y", "%E6%97%A5%E6%9C%AC", "a%2Bb%3Dc", "~tilde%21", "trailing/"]
    rows = []
    for index, key in enumerate(keys):
        for method, body in [("GET", b""), ("PUT", b"hello world")]:
            for host in ["https://bucket.s3.eu-west-1.amazonaws.com", "http://127.0.0.1:9000/bucket"]:
                rows.append(sign(
                    clock, f"s3 {key!r} {method} {host}", botocore.auth.S3SigV4Auth, method=method,
                    url=f"{host}/{key}", body=body, service="s3", region="eu-west-1",
                    token=TOKEN if index % 2 else None, time=index % 4))
    rows.append(sign(
        clock, "s3 list", botocore.auth.S3SigV4Auth, service="s3",
        url="https://bucket.s3.amazonaws.com/?list-type=2&prefix=a%2Fb%20c&delimiter=%2F&continuation-token=1%2B%2F%3D"))
    return rows


AWKWARD_KEYS = [
    "plain.dcm", "a b/c+d%e", "a%20b", "\u65e5\u672c/\u00e9\U0001f600.dcm", "a//b", "./x/../y", "~!*'();:@&=$,?#[]", "tail/ ",
    "e\u0301", "100%", "+", "\"<>\\^`{|}",
]
TEMPLATE = "Resources:\n  A:\n    Type: AWS::S3::Bucket  # \u00fc & + % =\n"


class Signed(Exception):
    """Stops a call once its request is signed."""


def services(clock):
    """S3, STS and CloudFormation through the real clients: awkward keys, queries and forms, with and without a token."""
    rows = []
    copy = {"Bucket": "from-bucket", "Key": "a b+%\u00e9/x"}
    calls = [("s3", "list_objects_v2", {"Bucket": bucket, "Prefix": "a b/+%\u00e9&=", "Delimiter": "/", "MaxKeys": 7,
                                        "ContinuationToken": "1+/=="}) for bucket in ("my-bucket", "my.bucket")]
    for key in AWKWARD_KEYS:
        calls += [("s3", "get_object", {"Bucket": "my-bucket", "Key": key}),
                  ("s3", "head_object", {"Bucket": "my.bucket", "Key": key}),
                  ("s3", "put_object", {"Bucket": "my-bucket", "Key": key, "Body": key.encode(),
                                        "ContentType": "application/dicom"}),
                  ("s3", "copy_object", {"Bucket": "my-bucket", "Key": key, "CopySource": copy | {"Key": key}})]
    calls += [
        ("s3", "list_object_versions", {"Bucket": "my-bucket", "KeyMarker": "k +", "VersionIdMarker": "null"}),
        ("s3", "create_bucket", {"Bucket": "my-bucket", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}),
        ("s3", "delete_objects", {"Bucket": "my-bucket", "Delete": {"Objects": [{"Key": "a<b&c"}, {"Key": "\u00e9"}]}}),
        ("sts", "get_caller_identity", {}),
        ("sts", "assume_role", {
            "RoleArn": "arn:aws:iam::123456789012:role/path/name", "RoleSessionName": "me@x,y=z", "ExternalId": "a+b/c:d"}),
        ("cloudformation", "create_stack", {
            "StackName": "my-stack", "TemplateBody": TEMPLATE, "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "Parameters": [{"ParameterKey": "datastoreName", "ParameterValue": "a b&c=\u00e9"}]}),
        ("cloudformation", "describe_stacks", {"StackName": "my-stack", "NextToken": "a+b/c=="}),
        ("cloudformation", "describe_stack_events", {"StackName": "my-stack"}),
        ("cloudformation", "delete_stack", {"StackName": "my-stack"}),
    ]
    for number, (token, endpoint) in enumerate([(None, None), (TOKEN, None), (TOKEN, "http://127.0.0.1:9000")]):
        session = botocore.session.Session()
        session.set_credentials(KEY, SECRET, token)
        caught = []

        def before_send(request, **_):
            caught.append(request)
            raise Signed

        clients = {}
        for service in ("s3", "sts", "cloudformation"):
            clients[service] = session.create_client(
                service, region_name="eu-west-1", endpoint_url=endpoint, config=botocore.config.Config(
                    request_checksum_calculation="when_required", response_checksum_validation="when_required",
                    s3={"payload_signing_enabled": True, "addressing_style": "path" if endpoint else "auto"}))
            clients[service].meta.events.register(f"before-send.{service}", before_send)
        for index, (service, operation, arguments) in enumerate(calls):
            clock.now = TIMES[(index + number) % len(TIMES)]
            caught.clear()
            try:
                getattr(clients[service], operation)(**arguments)
            except Signed:
                request = caught[0]
            body = request.body.read() if hasattr(request.body, "read") else request.body
            row = case(
                clock, f"{service} {operation} {index} {number}", method=request.method, url=request.url,
                headers=request.headers, body=body, service=service, region="eu-west-1", token=token,
                style="asSent" if service == "s3" else "encodedTwice")
            if "Key" in arguments:
                row |= {"bucket": arguments["Bucket"], "key": arguments["Key"]}
            if "CopySource" in arguments:
                # The header carries the source's key in the same encoding.
                row["copySource"] = next(value for name, value in row["fields"] if name.lower() == "x-amz-copy-source")
            rows.append(row)
    return rows


def main():
    if len(sys.argv) > 1 and sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return
    root = pathlib.Path(__file__).resolve().parent.parent
    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "Tests" / "Fixtures" / "sigv4"
    output.mkdir(parents=True, exist_ok=True)
    clock = Clock()
    for table in (operations, queries, paths, headers, s3, services):
        rows = table(clock)
        document = {"generator": "scripts/sigv4-known-answers.py", "botocore": botocore.__version__, "cases": rows}
        (output / f"{table.__name__}.json").write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
        print(f"{table.__name__}: {len(rows)} cases")


if __name__ == "__main__":
    main()
