"""The metadata of imported files, asked for over plain HTTP, has the schema and the values of the service."""

import zlib

import make_dicom
import numpy
import pytest
from cli_support import LocalStore
from dicom_support import EXPLICIT_LITTLE_ENDIAN, HTJ2K_LOSSLESS_RPCL, get_frame, get_metadata
from pydicom.dataset import Dataset

PRIVATE = "HI-FETCH TEST"


def code(value, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "99TEST", meaning
    return item


def make_ct():
    target = make_dicom.dataset(801)
    target.Modality = "CT"
    target.StudyDescription = "Chest"
    target.ReferringPhysicianName = ""
    target.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    target.WindowCenter, target.WindowWidth = "40", "400"
    target.PixelSpacing = ["0.5", "0.75"]
    target.RescaleIntercept, target.RescaleSlope = "-1024", "1"
    target.KVP = "120"
    target.DiffusionBValue = 12.5
    target.ProcedureCodeSequence = [code("P1", "Chest CT")]
    anatomy = code("A1", "Chest")
    anatomy.private_block(0x0011, PRIVATE, create=True).add_new(0x05, "SL", -7)
    target.AnatomicRegionSequence = [anatomy]
    block = target.private_block(0x0009, PRIVATE, create=True)
    block.add_new(0x01, "LO", "of one maker")
    block.add_new(0x02, "OB", b"\x01\x02\x03\x04")
    block.add_new(0x03, "FD", [0.25, -2.0])
    make_dicom.add_pixels(target, bits=16, stored=12, signed=True)
    return target


def make_rgb():
    target = make_dicom.dataset(802)
    target.Modality = "US"
    make_dicom.add_pixels(target, bits=8, per_pixel=3, photometric="RGB", planar=1, frames=3)
    return target


def make_segmentation():
    target = make_dicom.dataset(803)
    target.SOPClassUID = target.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    target.Modality = "SEG"
    target.SegmentationType = "BINARY"
    segment = Dataset()
    segment.SegmentNumber, segment.SegmentLabel = 1, "Liver"
    segment.SegmentedPropertyTypeCodeSequence = [code("L1", "Liver")]
    target.SegmentSequence = [segment]
    make_dicom.add_pixels(target, bits=1, rows=16, columns=24, frames=4)
    return target


class Answer:
    """What the server says about one file."""

    def __init__(self, server, line, dataset):
        self.dataset, self.line = dataset, line
        self.document = get_metadata(server.url, line)
        self.study = self.document["Study"]
        self.series = self.study["Series"][dataset.SeriesInstanceUID]
        self.instance = self.series["Instances"][dataset.SOPInstanceUID]
        self.attributes = self.instance["DICOM"]
        self.frames = self.instance["ImageFrames"]
        self.served = [get_frame(server.url, line, frame["ID"]) for frame in self.frames]

    def arrays(self):
        """The frames' pixels, pixel-interleaved, taken from the file by numpy alone."""
        made = self.dataset
        kind = f"<{'i' if made.PixelRepresentation else 'u'}{made.BitsAllocated // 8}"
        frames = int(made.get("NumberOfFrames", 1))
        count = made.Rows * made.Columns * made.SamplesPerPixel * frames
        pixels = numpy.frombuffer(made.PixelData, kind)[:count].reshape(frames, made.SamplesPerPixel, -1)
        return [numpy.ascontiguousarray(frame.T) for frame in pixels]


@pytest.fixture(scope="module")
def answers(program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("metadata")
    files = {"CT": make_ct(), "US": make_rgb(), "SEG": make_segmentation()}
    for name, dataset in files.items():
        dataset.SeriesInstanceUID += f".{dataset.InstanceNumber}"
        dataset.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    created = [
        line for line in program.json_lines("local", "import", folder, "--store", folder / "store")
        if line["event"] == "created"]
    by_series = {line["seriesInstanceUID"]: line for line in created}
    with LocalStore(program, folder / "store") as server:
        return {name: Answer(server, by_series[made.SeriesInstanceUID], made) for name, made in files.items()}


@pytest.mark.parametrize("name", ["CT", "US", "SEG"])
def test_the_document_has_the_members_of_the_schema(answers, name):
    answer = answers[name]
    assert answer.document["SchemaVersion"] == "1.1"
    assert answer.document["DatastoreID"] == answer.line["datastoreId"]
    assert answer.document["ImageSetID"] == answer.line["imageSetId"]
    assert set(answer.document) == {"SchemaVersion", "DatastoreID", "ImageSetID", "Patient", "Study"}
    assert set(answer.study) == {"DICOM", "Series"} and len(answer.study["Series"]) == 1
    assert set(answer.series) == {"DICOM", "Instances"} and len(answer.series["Instances"]) == 1
    assert {"DICOM", "DICOMVRs", "StoredTransferSyntaxUID", "ImageFrames"} <= set(answer.instance)
    for frame in answer.frames:
        assert set(frame) == {
            "ID", "PixelDataChecksumFromBaseToFullResolution", "MinPixelValue", "MaxPixelValue", "FrameSizeInBytes"}
        assert len(frame["ID"]) == 32


@pytest.mark.parametrize("name", ["CT", "US", "SEG"])
def test_attributes_are_listed_once_at_their_level(answers, name):
    answer = answers[name]
    assert answer.document["Patient"]["DICOM"] == {"PatientName": "Made^By Script", "PatientID": "MADE-1"}
    assert answer.study["DICOM"]["StudyInstanceUID"] == answer.dataset.StudyInstanceUID
    assert answer.study["DICOM"]["StudyDate"] == "20240315"
    assert answer.series["DICOM"]["Modality"] == name
    assert answer.series["DICOM"]["SeriesInstanceUID"] == answer.dataset.SeriesInstanceUID
    assert answer.attributes["SOPInstanceUID"] == answer.dataset.SOPInstanceUID
    above = {*answer.document["Patient"]["DICOM"], *answer.study["DICOM"], *answer.series["DICOM"]}
    assert not above & set(answer.attributes)
    assert "PixelData" not in answer.attributes


def test_values_have_the_json_form_of_their_representation(answers):
    ct = answers["CT"].attributes
    assert ct["FileMetaInformationVersion"] == "AAE="
    assert ct["TransferSyntaxUID"] == EXPLICIT_LITTLE_ENDIAN
    assert (ct["InstanceNumber"], ct["KVP"]) == ("801", "120")
    assert (ct["RescaleIntercept"], ct["RescaleSlope"]) == ("-1024", "1")
    assert ct["WindowCenter"] == ["40"] and ct["WindowWidth"] == ["400"], "may have several values: always an array"
    assert ct["PixelSpacing"] == ["0.5", "0.75"]
    assert ct["ImageType"] == ["ORIGINAL", "PRIMARY", "AXIAL"]
    assert ct["DiffusionBValue"] == 12.5
    numbers = {"Rows": 31, "Columns": 33, "BitsAllocated": 16, "BitsStored": 12, "PixelRepresentation": 1}
    assert {key: ct[key] for key in numbers} == numbers
    study = answers["CT"].study["DICOM"]
    assert study["StudyDescription"] == "Chest"
    assert study["ReferringPhysicianName"] is None
    assert study["ProcedureCodeSequence"] == [
        {"CodeValue": "P1", "CodingSchemeDesignator": "99TEST", "CodeMeaning": "Chest CT"}]
    segment = answers["SEG"].attributes["SegmentSequence"]
    assert [(item["SegmentNumber"], item["SegmentLabel"]) for item in segment] == [(1, "Liver")]
    assert segment[0]["SegmentedPropertyTypeCodeSequence"][0]["CodeMeaning"] == "Liver"


def test_private_attributes_are_named_by_tag_and_their_representations_are_told(answers):
    ct = answers["CT"]
    assert ct.attributes["00090010"] == PRIVATE
    assert ct.attributes["00091001"] == "of one maker"
    assert ct.attributes["00091002"] == "AQIDBA=="
    assert ct.attributes["00091003"] == [0.25, -2]
    assert ct.attributes["AnatomicRegionSequence"][0]["00111005"] == -7
    assert ct.instance["DICOMVRs"] == {
        "00090010": "LO", "00091001": "LO", "00091002": "OB", "00091003": "FD", "00110010": "LO", "00111005": "SL"}
    assert answers["US"].instance["DICOMVRs"] == {}


@pytest.mark.parametrize("name, frames", [("CT", 1), ("US", 3)])
def test_transcoded_frames_are_described_as_numpy_finds_them(answers, name, frames):
    answer = answers[name]
    assert len(answer.frames) == frames
    assert answer.instance["StoredTransferSyntaxUID"] == HTJ2K_LOSSLESS_RPCL
    assert answer.instance["ChecksumType"] == "DECOMPRESSED"
    for frame, served, pixels in zip(answer.frames, answer.served, answer.arrays(), strict=True):
        assert frame["FrameSizeInBytes"] == len(served)
        assert type(frame["MinPixelValue"]) is int and frame["MinPixelValue"] == pixels.min()
        assert type(frame["MaxPixelValue"]) is int and frame["MaxPixelValue"] == pixels.max()
        full = frame["PixelDataChecksumFromBaseToFullResolution"][-1]
        assert {type(value) for value in full.values()} == {int}
        assert full == {"Width": 33, "Height": 31, "Checksum": zlib.crc32(pixels.tobytes())}


def test_frames_kept_as_imported_have_no_range_and_the_checksum_of_their_bytes(answers):
    answer = answers["SEG"]
    assert answer.instance["StoredTransferSyntaxUID"] == EXPLICIT_LITTLE_ENDIAN
    assert b"".join(answer.served) == answer.dataset.PixelData
    assert [len(data) for data in answer.served] == [16 * 24 // 8] * 4
    for frame, served in zip(answer.frames, answer.served, strict=True):
        assert frame["MinPixelValue"] is None and frame["MaxPixelValue"] is None
        assert frame["FrameSizeInBytes"] == len(served)
        assert frame["PixelDataChecksumFromBaseToFullResolution"] == [
            {"Width": 24, "Height": 16, "Checksum": zlib.crc32(served)}]
