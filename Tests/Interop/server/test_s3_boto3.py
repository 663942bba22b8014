"""boto3 drives the buckets of `hi-fetch local serve`, over HTTP and TLS, signed."""

import base64
import concurrent.futures
import hashlib
import os
import secrets
import ssl
import urllib.error
import urllib.request
import zlib

import boto3.s3.transfer
import pytest

from server_support import Server, error_of

ODD_KEYS = [
    "plain", "with space", "a+b", "100%", "%41", "ünïcödé/日本語.dcm", "e\u0301", "\u00e9", "a//b", "/leading", "trailing/",
    "../../etc/passwd", ".", "..", "?query=1&x=2", "#hash", "quote\"'<&>", "~tilde", "semi;colon=,:@!$()*", "back\\slash",
    "tab\tnew\nline", "k" * 1024,
]


@pytest.fixture
def s3(server):
    return server.client(service="s3")


@pytest.fixture
def bucket(s3):
    name = "test-" + secrets.token_hex(8)
    s3.create_bucket(Bucket=name)
    yield name
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        for each in page.get("Contents", []):
            s3.delete_object(Bucket=name, Key=each["Key"])
    s3.delete_bucket(Bucket=name)


def keys(s3, bucket, **options):
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, **options).get("Contents", [])]


def test_the_life_of_a_bucket(s3):
    name = "life-" + secrets.token_hex(8)
    assert error_of(lambda: s3.head_bucket(Bucket=name)) == (404, "404")
    assert error_of(lambda: s3.list_objects_v2(Bucket=name)) == (404, "NoSuchBucket")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert error_of(lambda: s3.create_bucket(Bucket=name)) == (409, "BucketAlreadyOwnedByYou")
    assert s3.head_bucket(Bucket=name)["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "eu-west-1"
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    assert name in [each["Name"] for each in s3.list_buckets()["Buckets"]]
    assert "Status" not in s3.get_bucket_versioning(Bucket=name)
    assert error_of(lambda: s3.put_bucket_versioning(
        Bucket=name, VersioningConfiguration={"Status": "Enabled"})) == (501, "NotImplemented")
    assert error_of(lambda: s3.get_bucket_encryption(Bucket=name)) == (
        404, "ServerSideEncryptionConfigurationNotFoundError")
    assert error_of(lambda: s3.get_bucket_tagging(Bucket=name)) == (404, "NoSuchTagSet")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "<2>"}]
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == tags
    s3.delete_bucket_tagging(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    assert error_of(lambda: s3.delete_bucket(Bucket=name)) == (409, "BucketNotEmpty")
    s3.delete_object(Bucket=name, Key="k")
    s3.delete_bucket(Bucket=name)
    assert error_of(lambda: s3.delete_bucket(Bucket=name)) == (404, "NoSuchBucket")


def test_bad_names_of_buckets_are_refused(s3):
    for name in ["UPPER", "a_b", "xn", "1.2.3.4"]:
        status, code = error_of(lambda: s3.create_bucket(Bucket=name))
        assert (status, code) == (400, "InvalidBucketName"), name


def test_an_object_is_what_was_put(s3, bucket):
    body = secrets.token_bytes(100_000)
    put = s3.put_object(
        Bucket=bucket, Key="a/b", Body=body, ContentType="application/dicom", CacheControl="no-cache",
        ContentEncoding="identity", Metadata={"Patient": "x y", "n": "1"}, Tagging="colour=red%20one&size=2")
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="a/b", ChecksumMode="ENABLED")
    assert got["Body"].read() == body
    assert got["ContentType"] == "application/dicom"
    assert got["CacheControl"] == "no-cache"
    assert got["ContentEncoding"] == "identity"
    assert got["Metadata"] == {"patient": "x y", "n": "1"}
    assert got["TagCount"] == 2
    assert got["ChecksumCRC32"] == base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    head = s3.head_object(Bucket=bucket, Key="a/b")
    assert (head["ContentLength"], head["ETag"]) == (len(body), put["ETag"])
    assert head["LastModified"] == got["LastModified"]
    tags = s3.get_object_tagging(Bucket=bucket, Key="a/b")["TagSet"]
    assert tags == [{"Key": "colour", "Value": "red one"}, {"Key": "size", "Value": "2"}]
    s3.put_object_tagging(Bucket=bucket, Key="a/b", Tagging={"TagSet": [{"Key": "z", "Value": ""}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="a/b")["TagSet"] == [{"Key": "z", "Value": ""}]
    s3.delete_object_tagging(Bucket=bucket, Key="a/b")
    assert s3.get_object_tagging(Bucket=bucket, Key="a/b")["TagSet"] == []
    assert error_of(lambda: s3.get_object(Bucket=bucket, Key="none")) == (404, "NoSuchKey")
    assert error_of(lambda: s3.head_object(Bucket=bucket, Key="none")) == (404, "404")


def test_an_empty_object_is_an_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="empty")
    assert s3.get_object(Bucket=bucket, Key="empty")["Body"].read() == b""
    assert error_of(lambda: s3.get_object(Bucket=bucket, Key="empty", Range="bytes=0-0")) == (416, "InvalidRange")


@pytest.mark.parametrize("wanted, first, end", [
    ("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=90-", 90, 100), ("bytes=-7", 93, 100),
    ("bytes=50-10000", 50, 100), ("bytes=-10000", 0, 100), ("bytes=0-99999999999999999999999", 0, 100)])
def test_ranges(s3, bucket, wanted, first, end):
    body = bytes(range(100))
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    got = s3.get_object(Bucket=bucket, Key="k", Range=wanted)
    assert got["Body"].read() == body[first:end]
    assert got["ContentRange"] == f"bytes {first}-{end - 1}/100"
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_a_range_beyond_the_end_and_ranges_not_understood(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    assert error_of(lambda: s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-")) == (416, "InvalidRange")
    for odd in ["bytes=5-2", "bytes=x-y", "lines=1-2", "bytes=0-1,4-5"]:
        assert s3.get_object(Bucket=bucket, Key="k", Range=odd)["Body"].read() == b"0123456789"


def test_conditions_of_reads_and_writes(s3, bucket):
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"one", IfNoneMatch="*")["ETag"]
    assert error_of(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")) == (
        412, "PreconditionFailed")
    assert error_of(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch='"x"')) == (
        412, "PreconditionFailed")
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=tag)["Body"].read() == b"one"
    assert error_of(lambda: s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=tag)) == (304, "304")
    assert error_of(lambda: s3.get_object(Bucket=bucket, Key="k", IfMatch='"x"')) == (412, "PreconditionFailed")
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    assert error_of(lambda: s3.get_object(Bucket=bucket, Key="k", IfModifiedSince=modified)) == (304, "304")
    s3.put_object(Bucket=bucket, Key="k", Body=b"two", IfMatch=tag)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"two"


def test_any_key_is_a_key(s3, bucket, server):
    for number, key in enumerate(ODD_KEYS):
        s3.put_object(Bucket=bucket, Key=key, Body=str(number).encode())
    for number, key in enumerate(ODD_KEYS):
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == str(number).encode(), key
        s3.copy_object(Bucket=bucket, Key="copy/" + key[:1000], CopySource={"Bucket": bucket, "Key": key})
    listed = keys(s3, bucket)
    copies = ["copy/" + key[:1000] for key in ODD_KEYS]
    assert listed == sorted(ODD_KEYS + copies, key=lambda key: key.encode())
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in listed]})
    assert sorted(each["Key"] for each in answer["Deleted"]) == sorted(listed)
    assert keys(s3, bucket) == []
    assert error_of(lambda: s3.put_object(Bucket=bucket, Key="k" * 1025, Body=b"")) == (400, "KeyTooLongError")


def test_lists_in_pages_with_prefix_and_delimiter(s3, bucket):
    made = sorted(["a", "a/1", "a/2", "a/b/1", "a/b/2", "b/1", "c d/1", "c+d/1", "z"] + [f"n/{i:03}" for i in range(30)])
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=b"x"), made))
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 7}))
    assert [each["Key"] for page in pages for each in page["Contents"]] == made
    assert all(page["KeyCount"] <= 7 for page in pages)
    assert keys(s3, bucket, Prefix="a/") == ["a/1", "a/2", "a/b/1", "a/b/2"]
    assert keys(s3, bucket, StartAfter="n/028") == ["n/029", "z"]
    answer = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    prefixes = [each["Prefix"] for each in answer["CommonPrefixes"]]
    assert prefixes == ["a/", "b/", "c d/", "c+d/", "n/"]
    assert [each["Key"] for each in answer["Contents"]] == ["a", "z"]
    # One entry a page: every prefix and every key comes once.
    for operation in ("list_objects_v2", "list_objects"):
        found = []
        for page in s3.get_paginator(operation).paginate(
                Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1}):
            found += [each["Prefix"] for each in page.get("CommonPrefixes", [])]
            found += [each["Key"] for each in page.get("Contents", [])]
        assert found == ["a", "a/", "b/", "c d/", "c+d/", "n/", "z"], operation
    inner = s3.list_objects_v2(Bucket=bucket, Prefix="a/", Delimiter="/")
    assert [each["Prefix"] for each in inner["CommonPrefixes"]] == ["a/b/"]
    assert [each["Key"] for each in inner["Contents"]] == ["a/1", "a/2"]
    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=0)["KeyCount"] == 0
    versions = [
        each for page in s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, PaginationConfig={"PageSize": 10}) for each in page["Versions"]]
    assert [each["Key"] for each in versions] == made
    assert {(each["VersionId"], each["IsLatest"]) for each in versions} == {("null", True)}
    assert error_of(lambda: s3.list_objects_v2(Bucket=bucket, ContinuationToken="nonsense")) == (400, "InvalidArgument")


def test_deletions(s3, bucket):
    for key in ("a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    s3.delete_object(Bucket=bucket, Key="never there")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [
        {"Key": "a", "VersionId": "null"}, {"Key": "b", "VersionId": "another"}, {"Key": "never there"}]})
    assert {each["Key"] for each in answer["Deleted"]} == {"a", "never there"}
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [("b", "NoSuchVersion")]
    assert keys(s3, bucket) == ["b"]
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}], "Quiet": True})
    assert "Deleted" not in quiet and "Errors" not in quiet


def test_copies(s3, bucket):
    source = s3.put_object(
        Bucket=bucket, Key="from here", Body=b"content", ContentType="text/a", Metadata={"m": "1"}, Tagging="t=1")
    copied = s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from here"})
    assert copied["CopyObjectResult"]["ETag"] == source["ETag"]
    got = s3.get_object(Bucket=bucket, Key="to")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"], got["TagCount"]) == (
        b"content", "text/a", {"m": "1"}, 1)
    s3.copy_object(
        Bucket=bucket, Key="to", CopySource=f"/{bucket}/from here", MetadataDirective="REPLACE",
        ContentType="text/b", Metadata={"n": "2"})
    got = s3.head_object(Bucket=bucket, Key="to")
    assert (got["ContentType"], got["Metadata"]) == ("text/b", {"n": "2"})
    absent = {"Bucket": bucket, "Key": "none"}
    assert error_of(lambda: s3.copy_object(Bucket=bucket, Key="x", CopySource=absent)) == (404, "NoSuchKey")
    nowhere = {"Bucket": "no-such-bucket-here", "Key": "k"}
    assert error_of(lambda: s3.copy_object(Bucket=bucket, Key="x", CopySource=nowhere)) == (404, "NoSuchBucket")
    same = {"Bucket": bucket, "Key": "to"}
    assert error_of(lambda: s3.copy_object(Bucket=bucket, Key="to", CopySource=same)) == (400, "InvalidRequest")
    assert error_of(lambda: s3.copy_object(
        Bucket=bucket, Key="x", CopySource=same, CopySourceIfMatch='"other"')) == (412, "PreconditionFailed")


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_that_a_client_computes(s3, bucket, algorithm):
    body = secrets.token_bytes(200_000)
    s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm=algorithm)
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == body
    assert got["Checksum" + algorithm]


def test_checksums_that_a_client_names(s3, bucket):
    # The known answers for "123456789" (RFC 3720 for CRC-32C, the NVM Express specification for CRC-64).
    named = {
        "ChecksumCRC32": 0xCBF43926.to_bytes(4, "big"), "ChecksumCRC32C": 0xE3069283.to_bytes(4, "big"),
        "ChecksumCRC64NVME": 0xAE8B14860A799888.to_bytes(8, "big"),
        "ChecksumSHA256": hashlib.sha256(b"123456789").digest()}
    for name, value in named.items():
        text = base64.b64encode(value).decode()
        assert s3.put_object(Bucket=bucket, Key="k", Body=b"123456789", **{name: text})[name] == text
        wrong = base64.b64encode(bytes(len(value))).decode()
        assert error_of(lambda: s3.put_object(Bucket=bucket, Key="w", Body=b"123456789", **{name: wrong})) == (
            400, "BadDigest")
    wrong = base64.b64encode(bytes(16)).decode()
    assert error_of(lambda: s3.put_object(Bucket=bucket, Key="w", Body=b"x", ContentMD5=wrong)) == (400, "BadDigest")
    assert keys(s3, bucket) == ["k"]


def test_a_large_object_goes_up_and_down_in_parts(s3, bucket, tmp_path):
    path = tmp_path / "large"
    body = os.urandom(1 << 20) * 33 + b"tail"
    path.write_bytes(body)
    transfer = boto3.s3.transfer.TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20)
    s3.upload_file(str(path), bucket, "large", Config=transfer, ExtraArgs={"Metadata": {"m": "1"}})
    head = s3.head_object(Bucket=bucket, Key="large")
    assert head["ContentLength"] == len(body) and head["Metadata"] == {"m": "1"}
    parts = [hashlib.md5(body[at:at + (8 << 20)]).digest() for at in range(0, len(body), 8 << 20)]
    assert head["ETag"] == f'"{hashlib.md5(b"".join(parts)).hexdigest()}-{len(parts)}"'
    s3.download_file(bucket, "large", str(tmp_path / "back"), Config=transfer)
    assert (tmp_path / "back").read_bytes() == body
    s3.put_object(Bucket=bucket, Key="whole", Body=body)
    assert s3.head_object(Bucket=bucket, Key="whole")["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'


def test_the_life_of_an_upload_in_parts(s3, bucket):
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k +é", ContentType="text/x")
    address = {"Bucket": bucket, "Key": "k +é", "UploadId": begun["UploadId"]}
    big, small = secrets.token_bytes(5 << 20), b"the end"
    one = s3.upload_part(PartNumber=1, Body=b"replaced below", **address)
    one = s3.upload_part(PartNumber=1, Body=big, **address)
    s3.put_object(Bucket=bucket, Key="source", Body=b"__the end__")
    two = s3.upload_part_copy(
        PartNumber=7, CopySource={"Bucket": bucket, "Key": "source"}, CopySourceRange="bytes=2-8", **address)
    listed = s3.list_parts(**address)["Parts"]
    assert [(part["PartNumber"], part["Size"]) for part in listed] == [(1, len(big)), (7, len(small))]
    uploads = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [(each["Key"], each["UploadId"]) for each in uploads] == [("k +é", begun["UploadId"])]
    assert keys(s3, bucket) == ["source"], "nothing is seen before it is complete"
    parts = [
        {"PartNumber": 1, "ETag": one["ETag"]}, {"PartNumber": 7, "ETag": two["CopyPartResult"]["ETag"]}]

    def complete(parts):
        return s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **address)

    assert error_of(lambda: complete(parts[::-1])) == (400, "InvalidPartOrder")
    assert error_of(lambda: complete([{"PartNumber": 2, "ETag": one["ETag"]}])) == (400, "InvalidPart")
    done = complete(parts)
    assert done["ETag"].endswith('-2"')
    got = s3.get_object(Bucket=bucket, Key="k +é")
    assert got["Body"].read() == big + small and got["ContentType"] == "text/x"
    assert error_of(lambda: s3.list_parts(**address)) == (404, "NoSuchUpload")
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k")
    address = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}
    tags = [s3.upload_part(PartNumber=number, Body=b"small", **address)["ETag"] for number in (1, 2)]
    assert error_of(lambda: complete(
        [{"PartNumber": number + 1, "ETag": tag} for number, tag in enumerate(tags)])) == (400, "EntityTooSmall")
    s3.abort_multipart_upload(**address)
    assert error_of(lambda: s3.abort_multipart_upload(**address)) == (404, "NoSuchUpload")


def test_signatures_are_checked(server, bucket):
    assert error_of(server.client(secret="wrong", service="s3").list_buckets) == (403, "SignatureDoesNotMatch")
    assert error_of(server.client(key="AKIDUNKNOWN000000000", service="s3").list_buckets) == (403, "InvalidAccessKeyId")
    assert error_of(server.client(signed=False, service="s3").list_buckets) == (403, "AccessDenied")
    wrong = server.client(secret="wrong", service="s3")
    assert error_of(lambda: wrong.put_object(Bucket=bucket, Key="k", Body=b"x")) == (403, "SignatureDoesNotMatch")
    assert error_of(lambda: wrong.get_object(Bucket=bucket, Key="+ %")) == (403, "SignatureDoesNotMatch")


def test_a_field_that_was_added_to_a_signed_request_and_a_presigned_url_are_refused(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="one", Body=b"1")

    def add(request, **_):
        request.headers["x-amz-copy-source"] = f"{bucket}/one"

    adding = server.client(service="s3")
    adding.meta.events.register("before-send.s3.*", add)
    assert error_of(lambda: adding.put_object(Bucket=bucket, Key="two", Body=b"2")) == (403, "AccessDenied")
    assert error_of(lambda: s3.head_object(Bucket=bucket, Key="two")) == (404, "404")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "one"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url, context=ssl.create_default_context(cafile=server.certificate))
    assert caught.value.code == 501 and b"presigned URL" in caught.value.read()


def test_a_body_signed_in_chunks_is_checked_chunk_by_chunk(server, s3, bucket):
    """STREAMING-AWS4-HMAC-SHA256-PAYLOAD, which older SDKs use; botocore's own signer makes the seed."""
    import hmac
    import urllib.request

    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    from built_program import KEY, REGION, SECRET

    chunks = [secrets.token_bytes(64 << 10), b"y" * 1000, b""]

    def put(key, spoil=False, trailer=False):
        kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
        headers = {"x-amz-decoded-content-length": str(sum(map(len, chunks))), "content-encoding": "aws-chunked"}
        if trailer:
            headers["x-amz-trailer"] = "x-amz-checksum-crc32"

        class Auth(S3SigV4Auth):
            def payload(self, request):
                return kind

            def _modify_request_before_signing(self, request):
                super()._modify_request_before_signing(request)
                request.headers.replace_header("X-Amz-Content-SHA256", kind)

        request = AWSRequest(method="PUT", url=f"{server.url}/{bucket}/{key}", headers=headers)
        auth = Auth(Credentials(KEY, SECRET), "s3", REGION)
        auth.add_auth(request)
        time = request.headers["X-Amz-Date"]
        scope = f"{time[:8]}/{REGION}/s3/aws4_request"
        signing = b"AWS4" + SECRET.encode()
        for part in scope.split("/"):
            signing = hmac.digest(signing, part.encode(), "sha256")
        previous = request.headers["Authorization"].rsplit("Signature=", 1)[1]
        body = b""
        for chunk in chunks:
            text = "\n".join([
                "AWS4-HMAC-SHA256-PAYLOAD", time, scope, previous, hashlib.sha256(b"").hexdigest(),
                hashlib.sha256(chunk).hexdigest()])
            previous = hmac.new(signing, text.encode(), "sha256").hexdigest()
            sent = bytes(len(chunk)) if spoil else chunk
            body += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + sent
            body += b"\r\n" if chunk else b""
        if trailer:
            value = base64.b64encode(zlib.crc32(b"".join(chunks)).to_bytes(4, "big")).decode()
            line = f"x-amz-checksum-crc32:{value}\n"
            text = "\n".join([
                "AWS4-HMAC-SHA256-TRAILER", time, scope, previous, hashlib.sha256(line.encode()).hexdigest()])
            signature = hmac.new(signing, text.encode(), "sha256").hexdigest()
            body += f"{line.strip()}\r\nx-amz-trailer-signature:{signature}\r\n".encode()
        body += b"\r\n"
        sending = urllib.request.Request(
            request.url, data=body, method="PUT", headers={**dict(request.headers), "Content-Length": str(len(body))})
        import ssl
        context = ssl.create_default_context(cafile=server.certificate) if server.certificate else None
        try:
            return urllib.request.urlopen(sending, timeout=60, context=context).status, ""
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    assert put("signed")[0] == 200
    assert s3.get_object(Bucket=bucket, Key="signed")["Body"].read() == b"".join(chunks)
    assert put("trailer", trailer=True)[0] == 200
    status, text = put("spoilt", spoil=True)
    assert status == 403 and "SignatureDoesNotMatch" in text
    assert keys(s3, bucket) == ["signed", "trailer"]


def test_what_is_not_there_says_so_in_s3s_words(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert error_of(lambda: s3.get_object_acl(Bucket=bucket, Key="k")) == (501, "NotImplemented")
    assert error_of(lambda: s3.get_bucket_acl(Bucket=bucket)) == (501, "NotImplemented")
    assert error_of(lambda: s3.get_bucket_policy(Bucket=bucket)) == (404, "NoSuchBucketPolicy")
    assert error_of(lambda: s3.put_object(
        Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms")) == (501, "NotImplemented")
    assert error_of(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="public-read")) == (
        400, "AccessControlListNotSupported")
    assert error_of(lambda: s3.get_object(Bucket=bucket, Key="k", VersionId="v")) == (400, "InvalidArgument")


def test_a_server_killed_while_objects_are_put_keeps_what_it_acknowledged(tmp_path):
    store = tmp_path / "store"
    acknowledged = {}
    for round in range(4):
        with Server(store) as server, concurrent.futures.ThreadPoolExecutor(8) as pool:
            s3 = server.client(service="s3")
            if round == 0:
                s3.create_bucket(Bucket="kept")

            def put(number):
                body = secrets.token_bytes(3000)
                try:
                    s3.put_object(Bucket="kept", Key=f"{round}/{number}", Body=body)
                    return f"{round}/{number}", body
                except Exception:  # the kill cuts what is under way
                    return None

            calls = [pool.submit(put, number) for number in range(100)]
            for _ in zip(range(20), concurrent.futures.as_completed(calls)):
                pass
            server.kill()
            acknowledged |= dict(call.result() for call in calls if call.result())
    with Server(store) as server:
        s3 = server.client(service="s3")
        listed = [
            each for page in s3.get_paginator("list_objects_v2").paginate(Bucket="kept") for each in page["Contents"]]
        assert set(acknowledged) <= {each["Key"] for each in listed}
        for each in listed:
            body = s3.get_object(Bucket="kept", Key=each["Key"])["Body"].read()
            assert hashlib.md5(body).hexdigest() == each["ETag"].strip('"')
            assert acknowledged.get(each["Key"], body) == body
        folder = store / "buckets"
        assert list((folder / "staging").iterdir()) == []
        assert len(list((folder / "named" / "kept" / "data").iterdir())) == len(listed)


def test_without_credentials_everybody_may(tmp_path):
    with Server(tmp_path / "store") as server:
        for signed in (True, False):
            s3 = server.client(service="s3", signed=signed)
            if signed:
                s3.create_bucket(Bucket="open")
            s3.put_object(Bucket="open", Key=f"k {signed}", Body=b"x")
            assert s3.get_object(Bucket="open", Key=f"k {signed}")["Body"].read() == b"x"
            assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["open"]
        assert server.client(signed=False).list_datastores()["datastoreSummaries"] == []


def test_buckets_are_served_over_http2(tmp_path):
    import shutil
    import subprocess

    from server_support import clean_environment

    curl = shutil.which("curl")
    if not curl or b"HTTP2" not in subprocess.run([curl, "--version"], capture_output=True).stdout:
        pytest.skip("no curl with HTTP/2 on this machine")
    with Server(tmp_path / "store", "--tls") as server:

        def run(*options):
            return subprocess.run(
                [curl, "-sS", "--http2", "--cacert", server.certificate, *options], env=clean_environment(),
                capture_output=True, timeout=60).stdout

        code = ["-o", os.devnull, "-w", "%{http_version} %{http_code}"]
        assert run(*code, "-X", "PUT", server.url + "/bucket") == b"2 200"
        body = os.urandom(5 << 20)
        path = tmp_path / "body"
        path.write_bytes(body)
        assert run(*code, "-T", str(path), server.url + "/bucket/key") == b"2 200"
        assert run(server.url + "/bucket/key") == body
        head = run("-I", server.url + "/bucket/key").decode()
        assert head.startswith("HTTP/2 200") and f"content-length: {len(body)}" in head
