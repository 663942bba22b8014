"""Fixtures of the server tests: a store with several studies, served over HTTP and over TLS, signed."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from server_support import KEY, SECRET, Server, synthesize  # noqa: E402


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
