"""Fixtures of the workflow's tests."""

import pytest
from scripted_proxy import ScriptedProxy
from workflow_support import LocalStore, Program


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    return Program(tmp_path_factory.mktemp("home"))


@pytest.fixture
def served(program, tmp_path):
    with LocalStore(program, tmp_path / "served-store") as server:
        yield server


@pytest.fixture
def proxy(served):
    """The local data store behind a proxy that answers chosen operations by itself."""
    with ScriptedProxy(served.url) as proxy:
        yield proxy
