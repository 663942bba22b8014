"""Fixtures of the server tests: a store with several studies, served over HTTP and over TLS, signed."""

import json
import shutil
import subprocess

import pytest
from built_program import KEY, REGION, SECRET
from server_support import Server, clean_environment, synthesize


@pytest.fixture(scope="session")
def studies(tmp_path_factory):
    """A store with seven image sets in one data store: (folder, datastoreId, {imageSetId: frames})."""
    store = tmp_path_factory.mktemp("served") / "store"
    image_sets = {}
    for modality, frames, seed in [
        ("CT", 3, 1), ("CT", 4, 2), ("CT", 3, 3), ("MR", 2, 4), ("MR", 2, 5), ("US", 2, 6), ("MG", 1, 7),
    ]:
        datastore, image_set = synthesize(store, modality, frames, seed)
        image_sets[image_set] = frames
    return store, datastore, image_sets


@pytest.fixture(scope="session", params=["http", "tls"])
def server(request, studies):
    """The store served with signatures asked for, over each transport."""
    options = ["--tls"] if request.param == "tls" else []
    with Server(studies[0], "--credentials", f"{KEY}:{SECRET}", *options) as server:
        yield server


@pytest.fixture(scope="session")
def tls_server(studies):
    """The same over TLS alone, for what takes long."""
    with Server(studies[0], "--credentials", f"{KEY}:{SECRET}", "--tls") as server:
        yield server


@pytest.fixture(scope="module")
def aws_program():
    path = shutil.which("aws")
    assert path, "the aws command line (PyPI awscli) must be on PATH"
    return path


@pytest.fixture
def aws_cli(aws_program, server):
    """Runs one `aws` command and returns what it prints, parsed where it is JSON; `fails=True` returns the error text."""

    def run(*arguments, key=KEY, secret=SECRET, token=None, signed=True, fails=False):
        environment = clean_environment(
            AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret, AWS_DEFAULT_REGION=REGION, AWS_MAX_ATTEMPTS="1",
            AWS_DISABLE_HOST_PREFIX_INJECTION="true", AWS_PAGER="",
            **({"AWS_SESSION_TOKEN": token} if token else {}),
            **({"AWS_CA_BUNDLE": server.certificate} if server.certificate else {}))
        result = subprocess.run(
            [aws_program, *map(str, arguments), "--endpoint-url", server.url, "--output", "json",
             *([] if signed else ["--no-sign-request"])],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if fails:
            assert result.returncode != 0, result.stdout
            return result.stderr
        assert result.returncode == 0, result.stderr
        text = result.stdout.strip()
        return json.loads(text) if text[:1] in ("{", "[") else text

    return run
