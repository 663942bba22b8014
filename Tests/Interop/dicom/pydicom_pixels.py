#!/usr/bin/env python3
"""Print what pydicom decodes: JSON of each file's frames with the CRC-32 of their pixels.

usage: pydicom_pixels.py FILE_OR_FOLDER...

The pixels are raw (no colour conversion), pixel-interleaved, little-endian, in the container of BitsAllocated:
the bytes that the checksums of an image set cover. For BitsAllocated 1 the bits are packed again, each frame from a
byte of its own. Files that pydicom cannot decode have "error" in place of "frames".

needs: pip install pydicom numpy pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg pylibjpeg-rle
"""

import json
import pathlib
import sys
import zlib

import numpy
import pydicom
from pydicom.pixels import pixel_array


def frame_bytes(frame, dataset):
    """One frame as the little-endian bytes of its containers."""
    if dataset.BitsAllocated == 1:
        return numpy.packbits(frame.reshape(-1).astype(numpy.uint8), bitorder="little").tobytes()
    width = dataset.BitsAllocated // 8
    kind = "i" if dataset.PixelRepresentation == 1 else "u"
    return numpy.ascontiguousarray(frame).astype(f"<{kind}{width}").tobytes()


def read(path):
    """The data set of one file."""
    dataset = pydicom.dcmread(path, force=True)
    if "TransferSyntaxUID" not in dataset.file_meta:  # a bare data set
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    return dataset


def raw_frames(dataset):
    """The pixels of each frame as bytes."""
    pixels = pixel_array(dataset, raw=True)
    frames = pixels if int(dataset.get("NumberOfFrames", 1) or 1) > 1 else [pixels]
    return [frame_bytes(frame, dataset) for frame in frames]


def describe(path):
    """The JSON of one file."""
    dataset = read(path)
    result = {
        "sopInstanceUID": str(dataset.get("SOPInstanceUID", "")),
        "transferSyntaxUID": str(dataset.file_meta.TransferSyntaxUID),
        "photometricInterpretation": str(dataset.get("PhotometricInterpretation", "")),
    }
    try:
        result["frames"] = [{"bytes": len(data), "crc32": zlib.crc32(data)} for data in raw_frames(dataset)]
    except Exception as error:  # every decoder plug-in has its own exceptions
        result["error"] = f"{type(error).__name__}: {error}".splitlines()[0]
    return result


def files(arguments):
    """The files named, and those directly in the folders named."""
    for argument in arguments:
        path = pathlib.Path(argument)
        yield from sorted(entry for entry in path.iterdir() if entry.is_file()) if path.is_dir() else [path]


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(sys.argv) > 1 else 64
    print(json.dumps({str(path): describe(path) for path in files(sys.argv[1:])}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
