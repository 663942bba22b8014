#!/usr/bin/env python3
"""Make small DICOM files of many pixel kinds with pydicom.

usage: make_dicom.py FOLDER

One file a kind, one series for all: native 8, 16 and 32 bits, signed, RGB with planes and pixels, YBR_FULL and
YBR_FULL_422, palette, several frames, odd sizes, one bit a pixel, implicit and big-endian, deflated, RLE, JPEG,
JPEG-LS, JPEG 2000, HTJ2K, no pixel data. Deterministic: the same pixels each time. Compare an import of them with
dicom/pydicom_pixels.py.

needs: pip install pydicom numpy pylibjpeg-rle pylibjpeg-openjpeg; for JPEG and JPEG-LS dcmcjpeg and dcmcjpls (package
dcmtk), for HTJ2K ojph_compress (package openjph-tools). Kinds whose tool is missing are left out and named.
"""

import pathlib
import shutil
import subprocess
import sys

import numpy
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    HTJ2K,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000,
    JPEG2000Lossless,
    RLELossless,
)

ROOT = "2.25.3141592653589793238462643383279"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def samples(count, bits, signed):
    """Values that use the whole range and all bits, smooth enough to compress."""
    index = numpy.arange(count, dtype=numpy.int64)
    spread = 1 << max(0, bits - 13)
    ramp = (index * 37 + index // 13 * 101) * spread + index % spread
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


RGB = {"bits": 8, "per_pixel": 3, "photometric": "RGB"}
NATIVE = {
    "mono8": {"bits": 8},
    "mono8_signed": {"bits": 8, "signed": True},
    "mono16": {"bits": 16},
    "mono16_signed": {"bits": 16, "signed": True},
    "mono12_in_16": {"bits": 16, "stored": 12},
    "mono12_in_16_signed": {"bits": 16, "stored": 12, "signed": True},
    "mono24_in_32": {"bits": 32, "stored": 24},
    "mono24_in_32_signed": {"bits": 32, "stored": 24, "signed": True},
    "monochrome1": {"bits": 8, "photometric": "MONOCHROME1"},
    "one_pixel": {"bits": 16, "rows": 1, "columns": 1},
    "wide": {"bits": 16, "rows": 3, "columns": 700},
    "rgb": RGB,
    "rgb_planes": {**RGB, "planar": 1},
    "rgb16_planes_frames": {**RGB, "bits": 16, "planar": 1, "frames": 3},
    "ybr_full": {**RGB, "photometric": "YBR_FULL"},
    "ybr_full_planes": {**RGB, "photometric": "YBR_FULL", "planar": 1},
    "ybr_full_422": {**RGB, "photometric": "YBR_FULL_422", "columns": 34, "share": 2 / 3},
    "palette": {"bits": 8, "photometric": "PALETTE COLOR"},
    "frames": {"bits": 16, "frames": 7},
    "bits": {"bits": 1, "rows": 32, "columns": 32, "frames": 3},
    "bits_odd": {"bits": 1, "rows": 5, "columns": 7, "frames": 5},
}

# OpenJPEG encodes nothing with a side below 32.
LARGER = {"rows": 40, "columns": 45}

# Written by pydicom: the syntax, the pixels, options of the encoder.
BY_PYDICOM = {
    "implicit": (ImplicitVRLittleEndian, {"bits": 16, "signed": True}, {}),
    "big_endian": (ExplicitVRBigEndian, {"bits": 16, "signed": True, "big_endian": True}, {}),
    "deflated": (DeflatedExplicitVRLittleEndian, {"bits": 16}, {}),
    "rle": (RLELossless, {"bits": 16, "frames": 2}, {}),
    "rle_rgb": (RLELossless, RGB, {}),
    "jpeg_2000": (JPEG2000Lossless, {**LARGER, "bits": 16, "frames": 3}, {}),
    "jpeg_2000_signed": (JPEG2000Lossless, {**LARGER, "bits": 16, "stored": 12, "signed": True}, {}),
    "jpeg_2000_rgb": (JPEG2000Lossless, {**LARGER, **RGB, "photometric": "YBR_RCT"}, {}),
    "jpeg_2000_lossy": (JPEG2000, {**LARGER, "bits": 16, "stored": 12}, {"j2k_cr": [6]}),
    "jpeg_2000_lossy_rgb": (JPEG2000, {**LARGER, **RGB, "photometric": "YBR_ICT", "frames": 2}, {"j2k_cr": [4]}),
}

# Written by DCMTK's tools from a native file.
BY_DCMTK = {
    "jpeg_baseline": (["dcmcjpeg", "+eb", "+un"], {"bits": 8, "frames": 2}),
    "jpeg_baseline_rgb": (["dcmcjpeg", "+eb", "+un"], RGB),
    "jpeg_extended": (["dcmcjpeg", "+ee", "+bt", "+un"], {"bits": 16, "stored": 12}),
    "jpeg_lossless": (["dcmcjpeg", "+e1", "+un"], {"bits": 16, "frames": 3}),
    "jpeg_lossless_signed": (["dcmcjpeg", "+el", "+un"], {"bits": 16, "signed": True}),
    "jpeg_lossless_rgb": (["dcmcjpeg", "+e1", "+un"], RGB),
    "jpeg_ls": (["dcmcjpls", "+un"], {"bits": 16, "frames": 3}),
    "jpeg_ls_signed": (["dcmcjpls", "+un"], {"bits": 16, "signed": True}),
    "jpeg_ls_rgb": (["dcmcjpls", "+un"], RGB),
    "jpeg_ls_near": (["dcmcjpls", "+en", "+un"], {"bits": 16, "stored": 12}),
}

# Written by ojph_compress, frame by frame.
BY_OPENJPH = {
    "htj2k": (HTJ2KLossless, ["-reversible", "true"], {"bits": 16, "frames": 3}),
    "htj2k_8": (HTJ2KLossless, ["-reversible", "true", "-prog_order", "LRCP"], {"bits": 8}),
    "htj2k_rgb": (HTJ2KLossless, ["-reversible", "true"], {**RGB, "photometric": "YBR_RCT"}),
    "htj2k_rpcl": (HTJ2KLosslessRPCL, ["-reversible", "true", "-prog_order", "RPCL"], {"bits": 16}),
    "htj2k_lossy": (HTJ2K, ["-qstep", "0.002"], {"bits": 16}),
    "htj2k_lossy_rgb": (HTJ2K, ["-qstep", "0.01"], {**RGB, "photometric": "YBR_ICT", "frames": 2}),
}

NAMES = [*NATIVE, *BY_PYDICOM, *BY_DCMTK, *BY_OPENJPH, "no_pixels"]
TOOLS = {name: command[0] for name, (command, _) in BY_DCMTK.items()} | {name: "ojph_compress" for name in BY_OPENJPH}


def run(*command):
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def write(path, target, syntax=ExplicitVRLittleEndian, **encoding):
    """Saves one file in the given syntax."""
    if encoding or syntax in (RLELossless, JPEG2000Lossless, JPEG2000):
        target.compress(syntax, generate_instance_uid=False, **encoding)
    target.file_meta.TransferSyntaxUID = syntax
    target.save_as(path, enforce_file_format=True)


def write_with_dcmtk(path, target, command):
    source = path.with_suffix(".native")
    write(source, target)
    try:
        run(*command, source, path)
    finally:
        source.unlink()


def write_with_openjph(path, target, syntax, options):
    """Encodes each frame of a native instance and puts the codestreams in its place."""
    suffix, magic = (".pgm", "P5") if target.SamplesPerPixel == 1 else (".ppm", "P6")
    source, codestream = path.with_suffix(suffix), path.with_suffix(".j2c")
    header = f"{magic} {target.Columns} {target.Rows} {(1 << target.BitsStored) - 1}\n"
    size = target.Rows * target.Columns * target.SamplesPerPixel * target.BitsAllocated // 8
    frames = []
    try:
        for start in range(0, size * int(target.get("NumberOfFrames", 1)), size):
            samples = numpy.frombuffer(target.PixelData[start:start + size], f"<u{target.BitsAllocated // 8}")
            source.write_bytes(header.encode() + samples.astype(samples.dtype.newbyteorder(">")).tobytes())
            run("ojph_compress", "-i", source, "-o", codestream, "-num_decomps", 3, *options)
            frames.append(codestream.read_bytes())
    finally:
        source.unlink(missing_ok=True)
        codestream.unlink(missing_ok=True)
    target.PixelData = encapsulate(frames)
    target["PixelData"].VR = "OB"
    target.file_meta.TransferSyntaxUID = syntax
    target.save_as(path, enforce_file_format=True)


def make(folder):
    """Writes every file whose tool is there; the paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for number, name in enumerate(NAMES, start=1):
        if name in TOOLS and shutil.which(TOOLS[name]) is None:
            continue
        target = dataset(number)
        path = made[name] = folder / f"{name}.dcm"
        if name in NATIVE:
            add_pixels(target, **NATIVE[name])
            write(path, target)
        elif name in BY_PYDICOM:
            syntax, kind, encoding = BY_PYDICOM[name]
            add_pixels(target, **kind)
            write(path, target, syntax, **encoding)
        elif name in BY_DCMTK:
            command, kind = BY_DCMTK[name]
            add_pixels(target, **kind)
            write_with_dcmtk(path, target, command)
        elif name in BY_OPENJPH:
            syntax, options, kind = BY_OPENJPH[name]
            add_pixels(target, **kind)
            write_with_openjph(path, target, syntax, options)
        else:
            write(path, target)
    return made


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(sys.argv) == 2 else 64
    folder = pathlib.Path(sys.argv[1])
    made = make(folder)
    print(f"{len(made)} files in {folder}")
    for name in NAMES:
        if name not in made:
            print(f"left out, because {TOOLS[name]} is missing: {name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
