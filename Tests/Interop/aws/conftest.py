"""Fixtures of the AWS tests: moto's server and SeaweedFS, each once, and the program pointed at them."""

import pytest
from aws_support import Moto, Program, SeaweedFS


@pytest.fixture(scope="session")
def moto():
    with Moto() as server:
        yield server


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory):
    with SeaweedFS(tmp_path_factory.mktemp("seaweedfs")) as server:
        yield server


@pytest.fixture(params=["moto", "seaweedfs"])
def s3(request):
    """Either server, for what both can do."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def program(tmp_path):
    """Makes a program for a server."""
    return lambda server, **options: Program(tmp_path, server.url, **options)
