#!/usr/bin/env python3
"""Make small DICOM files of many pixel kinds with pydicom.

usage: make_dicom.py FOLDER

One file a kind, one series for all: native 8, 16 and 32 bits, signed, RGB with planes and pixels, YBR_FULL and
YBR_FULL_422, palette, several frames, odd sizes, one bit a pixel, implicit and big-endian, deflated, RLE, no pixel
data. Deterministic: the same files each time. Compare an import of them with dicom/pydicom_pixels.py.

needs: pip install pydicom numpy pylibjpeg-rle
"""

import pathlib
import sys

import numpy
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

ROOT = "2.25.3141592653589793238462643383279"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def samples(count, bits, signed):
    """Values that use the whole range, smooth enough to compress."""
    ramp = numpy.arange(count, dtype=numpy.int64) * 37 + (numpy.arange(count) // 13) * 101
    low = -(1 << (bits - 1)) if signed else 0
    return ramp % (1 << bits) + low


def dataset(number):
    """A secondary capture instance without pixels."""
    result = Dataset()
    result.SOPClassUID = SECONDARY_CAPTURE
    result.SOPInstanceUID = f"{ROOT}.3.{number}"
    result.StudyInstanceUID = f"{ROOT}.1"
    result.SeriesInstanceUID = f"{ROOT}.2"
    result.PatientName = "Made^By Script"
    result.PatientID = "MADE-1"
    result.StudyID = "1"
    result.StudyDate = "20240315"
    result.StudyTime = "101500"
    result.Modality = "OT"
    result.SeriesNumber = "1"
    result.InstanceNumber = str(number)
    result.file_meta = FileMetaDataset()
    result.file_meta.MediaStorageSOPClassUID = SECONDARY_CAPTURE
    result.file_meta.MediaStorageSOPInstanceUID = result.SOPInstanceUID
    result.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return result


def add_pixels(
    target, *, rows=31, columns=33, bits=16, stored=None, signed=False, photometric="MONOCHROME2", per_pixel=1,
    planar=0, frames=1, share=1.0, big_endian=False,
):
    """Adds the image pixel module; `share` is the part of the samples that a subsampled form stores."""
    stored = stored or bits
    target.Rows, target.Columns = rows, columns
    target.SamplesPerPixel = per_pixel
    target.PhotometricInterpretation = photometric
    if per_pixel > 1:
        target.PlanarConfiguration = planar
    if frames > 1:
        target.NumberOfFrames = str(frames)
    target.BitsAllocated, target.BitsStored, target.HighBit = bits, stored, stored - 1
    target.PixelRepresentation = int(signed)
    count = int(rows * columns * per_pixel * frames * share)
    if bits == 1:
        data = numpy.packbits(samples(count, 1, False).astype(numpy.uint8), bitorder="little").tobytes()
    else:
        order = ">" if big_endian else "<"
        kind = f"{order}{'i' if signed else 'u'}{bits // 8}"
        data = samples(count, stored, signed).astype(kind).tobytes()
    target.PixelData = data + b"\0" * (len(data) % 2)
    target["PixelData"].VR = "OB" if bits <= 8 else "OW"


KINDS = {
    "mono8": {"bits": 8},
    "mono16": {"bits": 16},
    "mono16_signed": {"bits": 16, "signed": True},
    "mono12_in_16": {"bits": 16, "stored": 12},
    "mono12_in_16_signed": {"bits": 16, "stored": 12, "signed": True},
    "mono24_in_32": {"bits": 32, "stored": 24},
    "monochrome1": {"bits": 8, "photometric": "MONOCHROME1"},
    "one_pixel": {"bits": 16, "rows": 1, "columns": 1},
    "wide": {"bits": 16, "rows": 3, "columns": 700},
    "rgb": {"bits": 8, "per_pixel": 3, "photometric": "RGB"},
    "rgb_planes": {"bits": 8, "per_pixel": 3, "photometric": "RGB", "planar": 1},
    "rgb16_planes_frames": {"bits": 16, "per_pixel": 3, "photometric": "RGB", "planar": 1, "frames": 3},
    "ybr_full": {"bits": 8, "per_pixel": 3, "photometric": "YBR_FULL"},
    "ybr_full_422": {"bits": 8, "per_pixel": 3, "photometric": "YBR_FULL_422", "columns": 34, "share": 2 / 3},
    "palette": {"bits": 8, "photometric": "PALETTE COLOR"},
    "frames": {"bits": 16, "frames": 7},
    "bits": {"bits": 1, "rows": 32, "columns": 32, "frames": 3},
    "bits_odd": {"bits": 1, "rows": 5, "columns": 7, "frames": 5},
}


def write(folder, name, target, syntax):
    """Saves one file in the given syntax."""
    path = folder / f"{name}.dcm"
    if syntax == RLELossless:
        target.compress(RLELossless, generate_instance_uid=False)
    else:
        target.file_meta.TransferSyntaxUID = syntax
    target.save_as(path, enforce_file_format=True)


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(sys.argv) == 2 else 64
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for name, kind in KINDS.items():
        number += 1
        target = dataset(number)
        add_pixels(target, **kind)
        write(folder, name, target, ExplicitVRLittleEndian)
    others = {
        "implicit": (ImplicitVRLittleEndian, {"bits": 16, "signed": True}),
        "big_endian": (ExplicitVRBigEndian, {"bits": 16, "signed": True, "big_endian": True}),
        "deflated": (DeflatedExplicitVRLittleEndian, {"bits": 16}),
        "rle": (RLELossless, {"bits": 16, "frames": 2}),
        "rle_rgb": (RLELossless, {"bits": 8, "per_pixel": 3, "photometric": "RGB"}),
    }
    for name, (syntax, kind) in others.items():
        number += 1
        target = dataset(number)
        add_pixels(target, **kind)
        write(folder, name, target, syntax)
    number += 1
    write(folder, "no_pixels", dataset(number), ExplicitVRLittleEndian)
    print(f"{number} files in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
