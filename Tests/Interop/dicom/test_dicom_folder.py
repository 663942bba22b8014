"""Folders as they are found: good files, bad files, and files that are no DICOM at all."""

import shutil

import make_dicom
import pytest
from dicom_support import RoundTrip, assert_instance_came_through
from pydicom_pixels import read

GOOD = ["mono16", "rgb_planes", "bits_odd"]


def bad_files(folder, source):
    """Bad files in a folder: path to the words that the reason must have."""
    good = source.read_bytes()
    (folder / "cut.dcm").write_bytes(good[:-700])
    nameless = read(source)
    del nameless.SeriesInstanceUID
    nameless.save_as(folder / "nameless.dcm")
    syntax = b"1.2.840.10008.1.2.1\0"
    assert good.count(syntax) == 1
    (folder / "private.dcm").write_bytes(good.replace(syntax, b"1.3.999.10008.1.2.1\0"))
    short = make_dicom.dataset(902)
    make_dicom.add_pixels(short, bits=16)
    short.PixelData = short.PixelData[:-2]
    short.save_as(folder / "short.dcm", enforce_file_format=True)
    huge = make_dicom.dataset(903)
    make_dicom.add_pixels(huge, bits=32)
    huge.PixelData = b"\xff\0\0\xff" * (huge.Rows * huge.Columns)
    huge.save_as(folder / "wide.dcm", enforce_file_format=True)
    shutil.copy(source, folder / "zz_again.dcm")
    return {
        "cut.dcm": ["damaged", "left"],
        "nameless.dcm": ["damaged", "no SeriesInstanceUID"],
        "private.dcm": ["unsupported", "transfer syntax 1.3.999.10008.1.2.1"],
        "short.dcm": ["damaged", "2044 bytes", "need 2046"],
        "wide.dcm": ["unsupported", "need 32 bits"],
        "zz_again.dcm": ["duplicate", "same SOP Instance UID", f"a/{source.name}"],
    }


@pytest.fixture
def folder(made_files, tmp_path):
    """Good files in `scans/a`."""
    good = tmp_path / "scans" / "a"
    good.mkdir(parents=True)
    for name in GOOD:
        shutil.copy(made_files[name], good)
    return good.parent


def test_the_good_files_are_taken_and_every_bad_one_is_named_with_its_reason(program, made_files, folder, tmp_path):
    bad = folder / "b"
    bad.mkdir()
    reasons = bad_files(bad, made_files["mono16"])
    (folder / "notes.txt").write_text("not an image\n")
    (folder / "empty.dcm").write_bytes(b"")
    trip = RoundTrip(program, [folder], tmp_path)
    assert trip.imported.returncode == 1
    assert trip.summary["filesImported"] == len(GOOD)
    assert trip.summary["filesFailed"] == len(reasons)
    assert {line["path"] for line in trip.failed} == {str(bad / name) for name in reasons}
    for line in trip.failed:
        code, *words = reasons[line["path"].rsplit("/", 1)[1]]
        assert line["code"] == code
        for word in words:
            assert word in line["reason"]
        assert f"hi-fetch: error: {line['path']}: {line['reason']}" in trip.imported.stderr.splitlines()
    assert {line["path"] for line in trip.skipped} == {str(folder / name) for name in ("notes.txt", "empty.dcm")}
    assert all(line["code"] == "not-dicom" for line in trip.skipped)
    for name in GOOD:
        assert_instance_came_through(trip, read(made_files[name]))


def test_a_folder_of_good_files_ends_in_success(program, made_files, folder, tmp_path):
    trip = RoundTrip(program, [folder], tmp_path)
    assert trip.imported.returncode == 0, trip.imported.stderr
    assert trip.imported.stderr == ""
    assert trip.failed == trip.skipped == []
    for name in GOOD:
        assert_instance_came_through(trip, read(made_files[name]))


def test_what_is_no_image_in_a_folder_is_told_and_does_no_harm(program, made_files, folder, tmp_path):
    (folder / "notes.txt").write_text("not an image\n")
    trip = RoundTrip(program, [folder], tmp_path)
    assert trip.imported.returncode == 0, trip.imported.stderr
    assert [(line["path"], line["code"]) for line in trip.skipped] == [(str(folder / "notes.txt"), "not-dicom")]


def test_a_named_file_that_is_no_image_is_a_failure(program, made_files, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("not an image\n")
    trip = RoundTrip(program, [made_files["mono16"], notes], tmp_path)
    assert trip.imported.returncode == 1
    assert [(line["path"], line["code"]) for line in trip.failed] == [(str(notes), "not-dicom")]
    assert trip.summary["filesImported"] == 1
