"""STS of `hi-fetch local serve`, driven by unmodified boto3: signed, over HTTP and TLS."""

import base64
import datetime
import json
import time

import boto3
import pytest
from built_program import KEY, SECRET

from server_support import Server, error_of

ROLE = "arn:aws:iam::123456789012:role/path/importer"


@pytest.fixture
def sts(server):
    return server.client(service="sts")


def test_who_am_i(sts):
    identity = sts.get_caller_identity()
    assert identity["Account"] == "123456789012"
    assert identity["Arn"].startswith("arn:aws:iam::123456789012:")


def test_temporary_credentials_work_for_every_service(server, sts):
    answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="my.session", DurationSeconds=900)
    issued = answer["Credentials"]
    left = issued["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=14) < left <= datetime.timedelta(minutes=15)
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::123456789012:assumed-role/importer/my.session"

    def client(service, secret=issued["SecretAccessKey"], token=issued["SessionToken"]):
        return server.client(key=issued["AccessKeyId"], secret=secret, token=token, service=service)

    identity = client("sts").get_caller_identity()
    assert identity["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert identity["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    client("medical-imaging").list_datastores()
    client("s3").list_buckets()
    client("cloudformation").describe_stacks()
    # A role assumed by a role.
    chained = client("sts").assume_role(RoleArn=ROLE, RoleSessionName="second")
    assert chained["AssumedRoleUser"]["Arn"].endswith("/second")

    assert error_of(client("s3", secret="wrong").list_buckets) == (403, "SignatureDoesNotMatch")
    assert error_of(client("s3", token=None).list_buckets) == (403, "InvalidAccessKeyId")
    forged = issued["SessionToken"][:-4] + "AAA="
    assert error_of(client("s3", token=forged).list_buckets) == (400, "InvalidToken")
    assert error_of(client("sts", token=forged).get_caller_identity) == (403, "InvalidClientTokenId")
    assert error_of(client("medical-imaging", token=forged).list_datastores) == (403, "UnrecognizedClientException")
    content = json.loads(base64.b64decode(issued["SessionToken"].split(".")[0]))
    content["expiresAt"] += 1e6
    longer = base64.b64encode(json.dumps(content).encode()).decode() + "." + issued["SessionToken"].split(".")[1]
    assert error_of(client("s3", token=longer).list_buckets) == (400, "InvalidToken")


def test_temporary_credentials_outlive_a_restart(tmp_path):
    options = ["--credentials", "K:S"]
    with Server(tmp_path / "store", *options) as server:
        issued = server.client("K", "S", service="sts").assume_role(RoleArn=ROLE, RoleSessionName="one")["Credentials"]
        server.stop()
    with Server(tmp_path / "store", *options) as server:
        client = server.client(
            issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"], service="s3")
        assert client.list_buckets()["Buckets"] == []


def token(**claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return ".".join([part({"alg": "none"}), part(claims), "c2ln"])


def test_a_web_identity_needs_no_signature(server):
    sts = server.client(signed=False, service="sts")
    issued = sts.assume_role_with_web_identity(
        RoleArn=ROLE, RoleSessionName="web", WebIdentityToken=token(exp=time.time() + 60))["Credentials"]
    client = server.client(issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"], service="sts")
    assert client.get_caller_identity()["Arn"].endswith(":assumed-role/importer/web")
    old = token(exp=time.time() - 60)
    assert error_of(lambda: sts.assume_role_with_web_identity(
        RoleArn=ROLE, RoleSessionName="web", WebIdentityToken=old)) == (400, "ExpiredTokenException")


def test_a_server_that_other_machines_reach_takes_no_web_identity_in_place_of_a_signature(tmp_path):
    with Server(tmp_path / "store", "--credentials", f"{KEY}:{SECRET}", "--host", "0.0.0.0") as server:
        sts = server.client(signed=False, service="sts")
        assert error_of(lambda: sts.assume_role_with_web_identity(
            RoleArn=ROLE, RoleSessionName="web", WebIdentityToken=token(exp=time.time() + 60))) == (403, "AccessDenied")


def test_bad_calls(server, sts):
    for role in ["arn:aws:iam::12:role/short-account", "arn:aws:iam::123456789012:user/not-a-role", "x" * 30]:
        assert error_of(lambda: sts.assume_role(RoleArn=role, RoleSessionName="one")) == (400, "ValidationError"), role
    assert error_of(lambda: sts.assume_role(RoleArn=ROLE, RoleSessionName="no blanks")) == (400, "ValidationError")
    assert error_of(lambda: sts.assume_role(
        RoleArn=ROLE, RoleSessionName="one", DurationSeconds=43201)) == (400, "ValidationError")
    assert error_of(lambda: sts.decode_authorization_message(EncodedMessage="x")) == (400, "InvalidAction")
    assert error_of(server.client(secret="wrong", service="sts").get_caller_identity) == (403, "SignatureDoesNotMatch")
    assert error_of(server.client(signed=False, service="sts").get_caller_identity) == (
        403, "MissingAuthenticationToken")


def test_a_profile_that_assumes_a_role_is_served_by_boto3s_own_provider(server, tmp_path, monkeypatch):
    """botocore's credentials chain calls AssumeRole at the local server and signs with what it gets."""
    from built_program import KEY, REGION, SECRET

    config = tmp_path / "config"
    config.write_text(
        f"[profile base]\naws_access_key_id={KEY}\naws_secret_access_key={SECRET}\n"
        f"[profile role]\nrole_arn={ROLE}\nsource_profile=base\nregion={REGION}\nendpoint_url={server.url}\n"
        + (f"ca_bundle={server.certificate}\n" if server.certificate else ""))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    if server.certificate:
        monkeypatch.setenv("AWS_CA_BUNDLE", server.certificate)
    session = boto3.session.Session(profile_name="role")
    assert "assumed-role/importer" in session.client("sts").get_caller_identity()["Arn"]
    assert isinstance(session.client("s3").list_buckets()["Buckets"], list)
