"""Small DICOM series for the workflow's tests."""

import pathlib

import numpy
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian


def write_series(folder, instances, patient="PAT-1", study="1.2.826.0.1.3680043.8.498.7", series=None):
    """Writes `instances` CT files of 32x24 pixels and returns their paths."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    series = series or f"{study}.1"
    paths = []
    for number in range(1, instances + 1):
        data = Dataset()
        data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, f"{series}.{number}"
        data.StudyInstanceUID, data.SeriesInstanceUID = study, series
        data.PatientID, data.PatientName = patient, "Test^Person"
        data.StudyDate, data.StudyTime, data.Modality = "20240131", "120000", "CT"
        data.InstanceNumber, data.SeriesNumber = number, 1
        data.Rows, data.Columns, data.SamplesPerPixel = 24, 32, 1
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
        data.PhotometricInterpretation = "MONOCHROME2"
        data.RescaleSlope, data.RescaleIntercept = "1", "-1024"
        values = (numpy.arange(24 * 32, dtype="<u2") * number) % 4096
        data.PixelData = values.tobytes()
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.file_meta = meta
        path = folder / f"{number:04}.dcm"
        data.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths
