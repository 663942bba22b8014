"""The objects of the built-in bucket are DICOM files for programs that know nothing of ours."""

import io
import shutil
import subprocess

import pydicom
import pytest

from server_support import error_of

COUNTS = {
    "00029d25-fb18-4d42-aaa5-a0897d1ac8f7": (2, "CT", 512), "00025d30-ef8f-4135-a35a-d83eff264fc1": (57, "CT", 512),
    "0002d261-8a5d-4e63-8e2e-0cbfac87b904": (192, "MR", 256), "0002dd07-0b7f-4a68-a655-44461ca34096": (92, "MR", 256),
}
BUCKET = "idc-open-data"


@pytest.fixture(scope="module")
def s3(tls_server):
    return tls_server.client(service="s3")


def listed(s3, folder):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=folder + "/")
    return [each for page in pages for each in page.get("Contents", [])]


@pytest.mark.parametrize("folder", COUNTS)
def test_a_study_is_one_series_that_pydicom_reads(s3, folder):
    count, modality, side = COUNTS[folder]
    objects = listed(s3, folder)
    assert len(objects) == count
    seen, numbers = set(), set()
    for each in objects[:: max(1, count // 7)]:
        answer = s3.get_object(Bucket=BUCKET, Key=each["Key"])
        body = answer["Body"].read()
        assert len(body) == each["Size"] and answer["ETag"] == each["ETag"]
        dataset = pydicom.dcmread(io.BytesIO(body))
        assert (dataset.Modality, dataset.Rows, dataset.Columns) == (modality, side, side)
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
        pixels = dataset.pixel_array
        assert pixels.dtype.kind == ("i" if modality == "CT" else "u") and pixels.std() > 10
        assert float(dataset.RescaleSlope) > 0 and float(dataset.WindowWidth) > 0
        seen.add((dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.PatientID))
        numbers.add(int(dataset.InstanceNumber))
        assert all(element.VR != "UN" for element in dataset)
    assert len(seen) == 1 and max(numbers) <= count


def test_dcmdump_reads_every_element(s3, tmp_path):
    if shutil.which("dcmdump") is None:
        pytest.skip("NO TOOL: dcmdump is not installed")
    for folder in COUNTS:
        key = listed(s3, folder)[0]["Key"]
        path = tmp_path / "object.dcm"
        path.write_bytes(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        result = subprocess.run(["dcmdump", "+L", str(path)], capture_output=True, text=True, timeout=60)
        assert result.returncode == 0 and result.stderr == "", result.stderr
        for keyword in ("RescaleSlope", "WindowCenter", "ImagePositionPatient", "PixelData"):
            assert keyword in result.stdout


def test_the_bucket_is_read_only(s3):
    key = listed(s3, next(iter(COUNTS)))[0]["Key"]
    assert error_of(lambda: s3.put_object(Bucket=BUCKET, Key="mine", Body=b"x")) == (403, "AccessDenied")
    assert error_of(lambda: s3.delete_object(Bucket=BUCKET, Key=key)) == (403, "AccessDenied")
    assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] > 100_000
