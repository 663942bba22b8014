"""DICOM files imported, served, fetched and verified: their pixels are what pydicom reads in the files."""

import make_dicom
import pydicom
import pytest
from dicom_support import DATA, RoundTrip, assert_instance_came_through
from pydicom_pixels import read

TAKEN = """
    693_J2KR 693_UNCI 693_UNCR JPEG-LL JPEG2000_UNC MR-SIEMENS-DICOM-WithOverlays OT-PAL-8-face RG1_J2KI SC_rgb
    SC_rgb_16bit SC_rgb_16bit_2frame SC_rgb_2frame SC_rgb_dcmtk_ebcr_dcmd SC_rgb_dcmtk_ebcys2_dcmd
    SC_rgb_dcmtk_ebcys4_dcmd SC_rgb_gdcm2k_uncompressed SC_ybr_full_uncompressed US1_J2KI US1_J2KR US1_UNCI US1_UNCR
    bad_sequence explicit_VR-UN liver mlut_18""".split()

# Code, and what the reason must say.
NO_SERIES = ("damaged", ["no StudyInstanceUID", "no SeriesInstanceUID"])
NO_IDENTIFIERS = ("damaged", [*NO_SERIES[1], "no SOPInstanceUID"])
FLOAT = ("unsupported", ["float pixel data", "HealthImaging"])
REFUSED = {
    "HTJ2KLossless_08_RGB": NO_SERIES, "HTJ2K_08_RGB": NO_SERIES, "JLSL_08_07_0_1F": NO_SERIES,
    "JLSL_16_15_1_1F": NO_SERIES, "JLSL_RGB_ILV0": NO_IDENTIFIERS, "JLSL_RGB_ILV1": NO_IDENTIFIERS,
    "JLSL_RGB_ILV2": NO_IDENTIFIERS, "parametric_map_double_float": FLOAT, "parametric_map_float": FLOAT,
}
WITHOUT_IDENTIFIERS = [name for name, reason in REFUSED.items() if reason is not FLOAT]


def test_every_real_file_has_an_expectation():
    if not DATA.is_dir():
        pytest.skip(f"NO REAL DATA: {DATA} is absent")
    assert sorted(path.stem for path in DATA.iterdir()) == sorted([*TAKEN, *REFUSED])


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.filterwarnings("ignore:Invalid value for VR UI", "ignore:The value length")
def test_a_real_file_comes_out_as_pydicom_reads_it(program, real_file, tmp_path, name):
    path = real_file(f"{name}.dcm")
    trip = RoundTrip(program, [path], tmp_path)
    assert trip.imported.returncode == 0, trip.imported.stderr
    assert (trip.summary["filesImported"], len(trip.created)) == (1, 1)
    assert_instance_came_through(trip, read(path))


@pytest.mark.parametrize("name", REFUSED)
def test_a_real_file_is_refused_for_the_right_reason(program, real_file, tmp_path, name):
    path = real_file(f"{name}.dcm")
    trip = RoundTrip(program, [path], tmp_path)
    assert trip.imported.returncode == 65, "nothing could be imported"
    assert trip.created == [] and len(trip.failed) == 1
    code, words = REFUSED[name]
    assert (trip.failed[0]["path"], trip.failed[0]["code"]) == (str(path), code)
    for word in words:
        assert word in trip.failed[0]["reason"]


@pytest.mark.parametrize("name", WITHOUT_IDENTIFIERS)
def test_a_file_that_lacks_only_identifiers_comes_through_once_it_has_them(program, real_file, tmp_path, name):
    dataset = read(real_file(f"{name}.dcm"))
    for number, keyword in enumerate(["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"], start=1):
        setattr(dataset, keyword, f"{make_dicom.ROOT}.9.{number}")
    identified = tmp_path / "identified.dcm"
    pydicom.dcmwrite(identified, dataset)
    trip = RoundTrip(program, [identified], tmp_path)
    assert trip.imported.returncode == 0, trip.imported.stderr
    assert_instance_came_through(trip, read(identified))


def test_all_generated_files_are_imported_in_one_go(made, made_files):
    assert made.imported.returncode == 0, made.imported.stderr
    assert made.summary["filesImported"] == len(made_files)
    assert [line["instances"] for line in made.created] == [len(made_files)]


@pytest.mark.parametrize("name", [name for name in make_dicom.NAMES if name != "no_pixels"])
def test_a_generated_file_comes_out_as_pydicom_reads_it(made, made_files, name):
    if name not in made_files:
        pytest.skip(f"NO TOOL: {make_dicom.TOOLS[name]} is not installed")
    assert_instance_came_through(made, read(made_files[name]))


def test_an_instance_without_pixels_is_kept_and_has_no_frames(made, made_files):
    uid = read(made_files["no_pixels"]).SOPInstanceUID
    assert made.instance(uid)["ImageFrames"] == []
    assert made.frames(uid) == []
