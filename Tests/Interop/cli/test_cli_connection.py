"""The service's address and its certificate authorities, as people mistype them."""

import subprocess

import pytest
from cli_support import error_lines
from fake_service import DATASTORE, IMAGE_SET, FakeService, refuse

SECRETS = ("hunter2", "tokenThatMustNotShow")


@pytest.mark.parametrize("scheme", ["HTTP", "Http"])
def test_a_scheme_has_no_case(program, scheme):
    with FakeService() as service:
        url = service.url.replace("http", scheme, 1)
        result = program.run("hello", "--endpoint-url", url, "--no-sign-request")
        assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("url", ["http://a", "https://a", "http://a/", "http://[::1]:1/path"])
def test_a_short_host_is_a_host(program, tmp_path, url):
    # A metadata file that is not there ends the run before anything is connected to.
    result = program.run(
        "plan", "--endpoint-url", url, "--no-sign-request", "--input", tmp_path / "none.json")
    assert result.returncode == 65 and "none.json" in error_lines(result)[0], result.stderr


WRONG = [
    "http://user:hunter2@127.0.0.1:1", "http://127.0.0.1:1/?X-Amz-Security-Token=tokenThatMustNotShow",
    "ftp://user:hunter2@host", "user:hunter2@host", "http://", "http:///path", "http://host:0", "http://host:99999",
    "http://host name/?tokenThatMustNotShow", "http://host#tokenThatMustNotShow", ""]


@pytest.mark.parametrize("url", WRONG)
def test_a_wrong_address_is_64_and_not_repeated(program, url):
    for arguments, env in [(["--endpoint-url", url], {}), ([], {"AWS_ENDPOINT_URL": url})]:
        if not arguments and not url:
            continue  # an empty variable is one that is not set
        result = program.run("hello", *arguments, "--no-sign-request", env=env)
        assert result.returncode == 64, (result.returncode, result.stderr)
        assert len(error_lines(result)) == 1 and "host" in error_lines(result)[0]
        assert not any(secret in result.stderr + result.stdout for secret in SECRETS), result.stderr


@pytest.mark.parametrize("content", ["", "hello\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
@pytest.mark.parametrize("by_variable", [False, True])
def test_a_ca_bundle_without_a_certificate_is_65_before_anything_is_asked(program, tmp_path, content, by_variable):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(content)
    with FakeService() as service:
        result = program.run(
            "hello", "--endpoint-url", service.url, "--no-sign-request",
            *([] if by_variable else ["--ca-bundle", bundle]),
            env={"AWS_CA_BUNDLE": str(bundle)} if by_variable else {})
        assert service.requests == []
    assert result.returncode == 65, result.stderr
    assert len(error_lines(result)) == 1
    assert "bundle.pem" in error_lines(result)[0] and "BEGIN CERTIFICATE" in error_lines(result)[0]


@pytest.mark.parametrize("name", ["CERTIFICATE", "TRUSTED CERTIFICATE"])
def test_a_ca_bundle_with_a_certificate_passes_that_check(program, tmp_path, name):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(f"a comment\n-----BEGIN {name}-----\n")
    result = program.run(
        "plan", "--endpoint-url", "http://a", "--no-sign-request", "--ca-bundle", bundle,
        "--input", tmp_path / "none.json")
    assert result.returncode == 65 and "none.json" in error_lines(result)[0], result.stderr


def test_a_source_is_named_once(program, tmp_path):
    missing = tmp_path / "text.json"
    missing.write_text("hello")
    for verb in (["plan"], ["fetch", "--output", tmp_path / "out"]):
        result = program.run(*verb, "--endpoint-url", "http://a", "--no-sign-request", "--input", missing)
        assert result.returncode == 65
        assert error_lines(result)[0].count(str(missing)) == 1, result.stderr


def test_a_stopped_run_counts_its_failures_by_error(program, tmp_path):
    with FakeService(frames=40, frame=refuse(403, "AccessDeniedException")) as service:
        result = program.run(
            "fetch", "--endpoint-url", service.url, "--no-sign-request", "--datastore", DATASTORE,
            "--image-set", IMAGE_SET, "--output", tmp_path)
    assert result.returncode == 77, result.stderr
    assert len(error_lines(result)) == 1
    assert "failed (request/" in error_lines(result)[0], result.stderr


def test_metadata_is_read_from_standard_input(program, local, served):
    document = (
        local.path / "datastores" / local.datastore / "imagesets" / local["MR"].image_set / "v1" / "metadata.json.gz")
    arguments = ["plan", "--endpoint-url", served.url, "--no-sign-request", "--json", "--input"]
    expected = program.run(*arguments, document)
    with open(document, "rb") as stream:
        result = subprocess.run(
            [program.path, *arguments, "-"], env=program.environment(), stdin=stream, capture_output=True, text=True,
            timeout=120)
    assert result.returncode == expected.returncode == 0, result.stderr
    assert result.stdout == expected.stdout


def test_help_tells_the_decoders_apart(program):
    for verb in ("fetch", "decode"):
        text = " ".join(program.run(verb, "--help").stdout.split())
        assert "native: the project's own HTJ2K decoder" in text and "auto: native, then OpenJPEG" in text
