#!/usr/bin/env python3
"""Make one DICOM instance of many large frames, as tomosynthesis and whole-slide scanners do.

usage: make_large_dicom.py FILE COLUMNSxROWS FRAMES

16 bits a sample, smooth with noise, about 3.5 : 1 as HTJ2K, every frame another. Deterministic. A script, and not a
function of who needs it: the pixels are in memory until it ends.

needs: pip install pydicom numpy
"""

import sys

import numpy
from make_dicom import dataset
from pydicom.uid import ExplicitVRLittleEndian


def frames(columns, rows, count):
    """The frames' samples, one frame at a time."""
    noise = numpy.random.default_rng(1).integers(0, 16, (rows, columns), dtype=numpy.uint16)
    slope = (numpy.arange(rows, dtype=numpy.uint16)[:, None] * 3 + numpy.arange(columns, dtype=numpy.uint16) * 2) // 2
    for number in range(count):
        yield slope + numpy.roll(noise, number * 7919) + numpy.uint16(number * 16)


def main():
    path, (columns, rows), count = sys.argv[1], map(int, sys.argv[2].split("x")), int(sys.argv[3])
    target = dataset(1)
    target.Rows, target.Columns, target.NumberOfFrames = rows, columns, str(count)
    target.SamplesPerPixel, target.PhotometricInterpretation = 1, "MONOCHROME2"
    target.BitsAllocated, target.BitsStored, target.HighBit, target.PixelRepresentation = 16, 16, 15, 0
    target.PixelData = b"".join(frame.astype("<u2").tobytes() for frame in frames(columns, rows, count))
    target["PixelData"].VR = "OW"
    target.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    target.save_as(path, enforce_file_format=True)


if __name__ == "__main__":
    main()
