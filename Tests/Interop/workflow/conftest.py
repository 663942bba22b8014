"""Fixtures of the workflow's tests."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from workflow_support import LocalStore, Program  # noqa: E402
from scripted_proxy import ScriptedProxy  # noqa: E402


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
