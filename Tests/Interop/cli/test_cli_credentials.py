"""Credentials from every place that gives them, through the built program, side by side with botocore."""

import datetime
import json
import os
import signal
import subprocess
import time

import pytest
from cli_support import LocalStore, error_lines
from credentials_support import (
    FAR, MARK, REGION, Double, HealthImaging, Home, Keys, botocore_finds, script)
from fake_service import DATASTORE, IMAGE_SET, Answer, FakeService, frame_body, refuse

BASE = Keys("base", token=False)
BASE_FILE = f"aws_access_key_id = {BASE.key}\naws_secret_access_key = {BASE.secret}\n"


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


class Shell:
    """One environment for hi-fetch and for botocore."""

    def __init__(self, program, home):
        self.program, self.home = program, home

    def environment(self, extra):
        own = {"HOME": str(self.home.path), "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, **extra}
        return self.program.environment({name: value for name, value in own.items() if value is not None})

    def hello(self, service, env, *options):
        own = self.environment({**env, "AWS_ENDPOINT_URL_MEDICAL_IMAGING": service.url})
        result = subprocess.run(
            [self.program.path, "hello", "--json", *options], env=own, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120)
        assert MARK not in result.stdout + result.stderr
        return result

    def signs_with(self, keys, env, profile=None):
        """hi-fetch signs with these keys, and botocore finds the same in the same environment."""
        with HealthImaging(keys) as service:
            result = self.hello(service, env, *(["--profile", profile] if profile else []))
            assert result.returncode == 0, result.stderr
            assert [request.signer for request in service.requests] == [keys.key]
        assert botocore_finds(self.environment(env), profile) == (keys.key, keys.secret, keys.token)

    def refusal(self, env, *options):
        """The one line of a run that found no credentials."""
        with HealthImaging(BASE) as service:
            result = self.hello(service, env, *options)
            assert result.returncode == 77, result.stderr
            assert service.requests == [], "nothing is sent without credentials"
        lines = error_lines(result)
        assert len(lines) == 1, result.stderr
        return lines[0]


@pytest.fixture
def shell(program, home):
    return Shell(program, home)


def roles(keys):
    """An STS that gives these keys for any role."""
    return Double(lambda request: keys.role(request.form["Action"]))


def instance(keys):
    """A metadata service of version 2."""
    path = "/latest/meta-data/iam/security-credentials/"

    def answer(request):
        if request.path == "/latest/api/token":
            return f"{MARK}imds" if request.method == "PUT" else (405, "")
        if request.fields.get("x-aws-ec2-metadata-token") != f"{MARK}imds":
            return 401, ""
        return {path: "web-role", f"{path}web-role": keys.metadata()}.get(request.path, (404, ""))

    return Double(answer)


def single_sign_on(keys, access_token):
    """IAM Identity Center's portal and tokens."""

    def answer(request):
        if request.path == "/token":
            form = json.loads(request.body)
            if form["refreshToken"] != f"{MARK}refresh":
                return 400, json.dumps({"error": "invalid_grant"})
            return json.dumps({"accessToken": access_token, "expiresIn": 28800, "refreshToken": f"{MARK}next"})
        if request.fields.get("x-amz-sso_bearer_token") != access_token:
            return 401, json.dumps({"message": "Session token not found or invalid"})
        return keys.single_sign_on()

    return Double(answer)


SESSION = f"""
[default]
sso_session = work
sso_account_id = 111122223333
sso_role_name = Reader
[sso-session work]
sso_start_url = https://example.awsapps.com/start
sso_region = {REGION}
sso_registration_scopes = sso:account:access
"""


def test_of_the_environment(shell, home):
    home.write(credentials=f"[default]\n{BASE_FILE}")
    keys = Keys("environment")
    shell.signs_with(keys, {
        "AWS_ACCESS_KEY_ID": keys.key, "AWS_SECRET_ACCESS_KEY": keys.secret, "AWS_SESSION_TOKEN": keys.token})


def test_of_the_files(shell, home):
    home.write(
        config=f"[profile other]\naws_access_key_id = AKIDCONFIG\naws_secret_access_key = {BASE.secret}\n",
        credentials=f"[default]\n{BASE_FILE}")
    shell.signs_with(BASE, {})
    other = Keys("config", token=False)
    other.secret = BASE.secret
    shell.signs_with(other, {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "x"}, profile="other")


def test_of_a_role(shell, home):
    home.write(
        config="[profile role]\nrole_arn = arn:aws:iam::111122223333:role/reader\nsource_profile = base\n"
        "external_id = for-you\nrole_session_name = me\nduration_seconds = 900\n",
        credentials=f"[base]\n{BASE_FILE}")
    keys = Keys("role")
    with roles(keys) as sts:
        shell.signs_with(keys, {"AWS_PROFILE": "role", "AWS_ENDPOINT_URL_STS": sts.url})
        ours, botocores = (request.form for request in sts.requests)
        assert ours == botocores, "the same form as botocore sends"
        assert [request.signer for request in sts.requests] == [BASE.key, BASE.key]


def test_of_a_chain_of_roles_that_begins_in_a_container(shell, home):
    home.write(config="""
[profile last]
role_arn = arn:aws:iam::1:role/last
source_profile = first
[profile first]
role_arn = arn:aws:iam::1:role/first
credential_source = EcsContainer
""")
    container, first, last = Keys("container"), Keys("first"), Keys("last")

    def answer(request):
        return (last if request.form["RoleArn"].endswith("/last") else first).role("AssumeRole")

    with Double(lambda _: container.metadata()) as endpoint, Double(answer) as sts:
        shell.signs_with(last, {
            "AWS_PROFILE": "last", "AWS_ENDPOINT_URL_STS": sts.url,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{endpoint.url}/role"})
        assert [request.signer for request in sts.requests] == [container.key, first.key] * 2
        assert [request.fields["x-amz-security-token"] for request in sts.requests] == [
            container.token, first.token] * 2


@pytest.mark.parametrize("by_variable", [True, False])
def test_of_a_web_identity(shell, home, tmp_path, by_variable):
    token = tmp_path / "token"
    token.write_text(f"{MARK}.web.identity")
    arn = "arn:aws:iam::1:role/pod"
    if by_variable:
        env = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": arn, "AWS_ROLE_SESSION_NAME": "pod"}
    else:
        home.write(config=f"[default]\nweb_identity_token_file = {token}\nrole_arn = {arn}\nrole_session_name = pod\n")
        env = {}
    keys = Keys("web")
    with roles(keys) as sts:
        shell.signs_with(keys, {**env, "AWS_ENDPOINT_URL_STS": sts.url})
        ours, botocores = (request.form for request in sts.requests)
        assert ours == botocores
        assert ours["WebIdentityToken"] == f"{MARK}.web.identity"
        assert [request.signer for request in sts.requests] == [None, None]


def test_of_single_sign_on(shell, home):
    home.write(config=SESSION)
    home.sign_in("work", accessToken=f"{MARK}access")
    keys = Keys("sso")
    with single_sign_on(keys, f"{MARK}access") as service:
        shell.signs_with(keys, {"AWS_ENDPOINT_URL_SSO": service.url, "AWS_ENDPOINT_URL_SSO_OIDC": service.url})
        assert len({request.path for request in service.requests}) == 1, "the same request as botocore's"


def test_of_single_sign_on_in_the_old_form(shell, home):
    start = "https://example.awsapps.com/start"
    home.write(
        config=f"[default]\nsso_start_url = {start}\nsso_region = {REGION}\nsso_account_id = 111122223333\n"
        "sso_role_name = Reader\n")
    home.sign_in(start, accessToken=f"{MARK}access")
    keys = Keys("sso")
    with single_sign_on(keys, f"{MARK}access") as service:
        shell.signs_with(keys, {"AWS_ENDPOINT_URL_SSO": service.url})


def test_a_session_that_ran_out_is_renewed_and_botocore_reads_what_was_kept(shell, home):
    home.write(config=SESSION)
    path = home.sign_in(
        "work", accessToken=f"{MARK}old", expiresAt="2001-01-01T00:00:00Z", refreshToken=f"{MARK}refresh",
        clientId="client", clientSecret=f"{MARK}client", registrationExpiresAt=FAR)
    keys = Keys("sso")
    with single_sign_on(keys, f"{MARK}new") as service:
        shell.signs_with(keys, {"AWS_ENDPOINT_URL_SSO": service.url, "AWS_ENDPOINT_URL_SSO_OIDC": service.url})
        assert [request.path for request in service.requests].count("/token") == 1
    assert json.loads(path.read_text())["refreshToken"] == f"{MARK}next"
    assert path.stat().st_mode & 0o777 == 0o600


def test_of_a_process(shell, home, tmp_path):
    keys = Keys("process")
    program = script(
        tmp_path, f"""test "$1" = 'a b' -a "$2" = '$HOME' -a $# = 2 || exit 9\necho {MARK} >&2\necho '{keys.process()}'""")
    home.write(config=f"[default]\ncredential_process = {program} 'a b' \"$HOME\"\n")
    shell.signs_with(keys, {})


@pytest.mark.parametrize("by_file", [True, False])
def test_of_a_container(shell, home, tmp_path, by_file):
    keys = Keys("container")
    token = tmp_path / "token"
    token.write_text(f"{MARK}authorization")
    env = {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)} if by_file else {
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": f"{MARK}authorization"}

    def answer(request):
        authorized = request.fields.get("Authorization") == f"{MARK}authorization"
        return keys.metadata() if authorized and request.path == "/v1/credentials?x=1" else (401, "{}")

    with Double(answer) as endpoint:
        shell.signs_with(keys, {**env, "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{endpoint.url}/v1/credentials?x=1"})


def test_of_an_instance(shell, home):
    keys = Keys("instance")
    with instance(keys) as service:
        shell.signs_with(keys, {
            "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url})


def test_metadata_is_asked_for_without_the_proxies_of_the_environment(shell, home):
    keys = Keys("instance")
    refusal = json.dumps({"__type": "AccessDeniedException", "message": "I am a proxy"})
    with instance(keys) as service, HealthImaging(keys) as health, Double(lambda _: (403, refusal)) as proxy:
        result = shell.hello(health, {
            "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url,
            "http_proxy": proxy.url})
        assert len(service.requests) == 3
        assert proxy.requests, "which other requests do go through"
        assert all("X-aws-ec2-metadata-token" not in request.fields for request in proxy.requests)
        assert result.returncode == 77 and "I am a proxy" in result.stderr, result.stderr


ORDER = ["role", "web", "sso", "file", "process", "config", "container", "instance"]


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_of_all_places_the_same_is_taken_that_botocore_takes(shell, home, tmp_path, first):
    """Everything from one place on is there at once; the first must win."""
    present = ORDER[first:]
    keys = {name: Keys(name, token=name not in ("file", "config")) for name in ORDER}
    token = tmp_path / "token"
    token.write_text(f"{MARK}.web.identity")
    program = script(tmp_path, f"echo '{keys['process'].process()}'")
    profile, credentials, env = "", "", {}
    if "role" in present:
        profile += "role_arn = arn:aws:iam::1:role/r\nsource_profile = base\n"
    if "sso" in present:
        profile += f"sso_session = work\nsso_account_id = 1\nsso_role_name = Reader\n"
    if "process" in present:
        profile += f"credential_process = {program}\n"
    if "config" in present:
        profile += f"aws_access_key_id = {keys['config'].key}\naws_secret_access_key = {keys['config'].secret}\n"
    if "file" in present:
        credentials = f"[default]\naws_access_key_id = {keys['file'].key}\naws_secret_access_key = {keys['file'].secret}\n"
    home.write(
        config=f"[default]\n{profile}[profile base]\n{BASE_FILE}\n[sso-session work]\n"
        f"sso_start_url = https://example.awsapps.com/start\nsso_region = {REGION}\n",
        credentials=credentials)
    home.sign_in("work", accessToken=f"{MARK}access")

    def sts(request):
        return keys["web" if "WebIdentityToken" in request.form else "role"].role(request.form["Action"])

    with (
        Double(sts) as roles_service, single_sign_on(keys["sso"], f"{MARK}access") as sign_on,
        Double(lambda _: keys["container"].metadata()) as container, instance(keys["instance"]) as metadata,
    ):
        if "web" in present:
            env |= {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": "arn:aws:iam::1:role/web"}
        if "container" in present:
            env |= {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{container.url}/"}
        env |= {
            "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url,
            "AWS_ENDPOINT_URL_STS": roles_service.url, "AWS_ENDPOINT_URL_SSO": sign_on.url,
            "AWS_ENDPOINT_URL_SSO_OIDC": sign_on.url}
        shell.signs_with(keys[present[0]], env)


def test_none_anywhere_names_every_place(shell):
    line = shell.refusal({})
    for place in (
        "environment: AWS_ACCESS_KEY_ID is not set", "profile 'default': is not in",
        "web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set",
        "container endpoint: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor",
        "EC2 instance metadata: AWS_EC2_METADATA_DISABLED is true",
    ):
        assert place in line


FAILURES = {
    "mfa": ("role_arn = R\nsource_profile = base\nmfa_serial = m\n", "mfa_serial"),
    "circle": ("role_arn = R\nsource_profile = other\n", "in a circle: default -> other -> default"),
    "process": ("credential_process = /bin/sh -c 'echo MustNeverShow >&2; exit 4'\n", "exit status 4"),
    "not signed in": (
        "sso_session = work\nsso_account_id = 1\nsso_role_name = r\n", "aws sso login --sso-session work"),
    "refused": ("role_arn = arn:aws:iam::1:role/r\nsource_profile = base\n", "AccessDenied"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_is_set_up_and_fails_is_one_line(shell, home, name):
    profile, words = FAILURES[name]
    home.write(
        config=f"[default]\n{profile}[profile base]\n{BASE_FILE}[profile other]\nrole_arn = R\nsource_profile = default\n"
        f"[sso-session work]\nsso_start_url = u\nsso_region = {REGION}\n")
    refusal = (
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>")
    with Double(lambda _: (403, refusal)) as sts:
        line = shell.refusal({"AWS_ENDPOINT_URL_STS": sts.url})
    assert words in line
    assert "profile 'default'" in line


def test_local_serve_takes_what_a_process_gives_and_refuses_another_secret(program, local, shell, home, tmp_path):
    keys = Keys("process", token=False)
    document = json.loads(keys.process())
    del document["SessionToken"]
    with LocalStore(program, local.path, "--credentials", f"{keys.key}:{keys.secret}") as server:
        for secret, status in [(keys.secret, 0), ("another", 77)]:
            document["SecretAccessKey"] = secret
            home.write(
                config=f"[default]\ncredential_process = {script(tmp_path, f'echo {json.dumps(json.dumps(document))}')}\n")
            result = shell.hello(server, {})
            assert result.returncode == status, result.stderr


def test_credentials_that_run_out_during_a_fetch_are_renewed_in_time_and_seldom(shell, home, tmp_path):
    ends = {}  # access key id: when it stops working

    def give(_):
        keys, end = Keys(f"life{len(ends)}"), time.time() + 4
        ends[keys.key] = end
        return keys.metadata(datetime.datetime.fromtimestamp(end, datetime.UTC).isoformat())

    used = set()

    def guard(headers):
        key = headers["Authorization"].split("Credential=")[1].split("/")[0]
        used.add(key)
        if time.time() > ends[key]:
            return refuse(403, "ExpiredTokenException")

    def slowly(identifier):
        return Answer(200, frame_body(identifier), delay=0.3)

    began = time.monotonic()
    with Double(give) as container, FakeService(frames=60, frame=slowly, guard=guard) as service:
        result = subprocess.run(
            [shell.program.path, "fetch", "--endpoint-url", service.url, "--datastore", DATASTORE, "--image-set",
             IMAGE_SET, "--output", tmp_path / "out", "--connections", "2"],
            env=shell.environment({"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{container.url}/"}),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    assert MARK not in result.stdout + result.stderr
    assert len(used) >= 3, "60 frames, two at a time, take 9 seconds at least"
    assert len(ends) <= (time.monotonic() - began) / 3 + 2, "fresh for three of four seconds, then once for all frames"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_that_waits_for_a_process_and_the_process_too(shell, home, tmp_path, number):
    marker = tmp_path / "pid"
    program = script(tmp_path, f"echo $$ > {marker}.new; mv {marker}.new {marker}; exec sleep 1000")
    home.write(config=f"[default]\ncredential_process = {program}\n")
    with HealthImaging(BASE) as service:
        process = subprocess.Popen(
            [shell.program.path, "hello", "--endpoint-url", service.url], env=shell.environment({}),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not marker.exists():
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.01)
        process.send_signal(number)
        process.communicate(timeout=120)
    assert process.returncode == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)
