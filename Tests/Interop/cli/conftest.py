"""Fixtures of the command-line tests: the program, a local data store, and that store being served."""

import pytest
from cli_support import LocalStore, Program, Study


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    return Program(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def local(program, tmp_path_factory):
    """A store folder with one study of each modality."""
    store = tmp_path_factory.mktemp("local") / "store"
    studies = {}
    for modality, frames, width, height in [("CT", 24, 128, 96), ("MR", 6, 65, 33), ("US", 5, 80, 60), ("MG", 2, 200, 256)]:
        lines = program.json_lines(
            "local", "synth", "--store", store, "--modality", modality, "--frames", frames,
            "--size", f"{width}x{height}", "--seed", "7")
        created = [line for line in lines if "imageSetId" in line]
        assert len(created) == 1
        studies[modality] = Study(modality, frames, width, height, created[0])
    assert len({study.datastore for study in studies.values()}) == 1, "one data store named `local` serves all"

    class Local:
        path = store
        datastore = studies["CT"].datastore

        def __getitem__(self, modality):
            return studies[modality]

        frames = sum(study.frames for study in studies.values())

    return Local()


@pytest.fixture(scope="session")
def served(program, local):
    with LocalStore(program, local.path) as server:
        yield server
