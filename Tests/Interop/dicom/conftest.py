"""Fixtures of the DICOM tests: the program, and generated files of every kind after their way through it."""

import pytest
import make_dicom
from cli_support import Program
from dicom_support import DATA, RoundTrip


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    return Program(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def made_files(tmp_path_factory):
    """Generated files by name; those whose tool is missing are not among them."""
    return make_dicom.make(tmp_path_factory.mktemp("made") / "files")


@pytest.fixture(scope="session")
def made(program, made_files, tmp_path_factory):
    """The way of all generated files at once: one series, one image set."""
    return RoundTrip(program, made_files.values(), tmp_path_factory.mktemp("round-trip"))


@pytest.fixture
def real_file():
    """Finds a file of the shared folder by name; where it is absent, says so and skips."""

    def find(name):
        path = DATA / name
        if not path.exists():
            pytest.skip(f"NO REAL DATA: {path} is absent")
        return path

    return find
