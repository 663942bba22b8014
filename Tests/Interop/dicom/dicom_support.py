"""What the DICOM tests share: the way of files through import, server and fetch, and what must come out of it."""

import gzip
import json
import urllib.request
import zlib

import numpy
from built_program import SHARED_DATA
from cli_support import LocalStore, parse_lines, read_manifest
from pydicom.encaps import generate_frames
from pydicom_pixels import raw_frames

DATA = SHARED_DATA / "dicom"

JPEG_BASELINE, JPEG_2000, HTJ2K = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203"
IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
HTJ2K_LOSSLESS_RPCL = "1.2.840.10008.1.2.4.202"
KEPT = [JPEG_BASELINE, JPEG_2000, HTJ2K]

# By how much a sample may differ from pydicom's. Lossless codes, JPEG-LS near-lossless and everything native leave a
# decoder no choice: 0. A 9/7 wavelet ends in real numbers that decoders round differently: 1. The cosine transform of
# lossy JPEG is approximated in integers, each decoder in its own way: 2.
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
TOLERANCE = {JPEG_EXTENDED: 2, JPEG_2000: 1, HTJ2K: 1}


class RoundTrip:
    """Files imported into a store of their own, served and fetched; everything that was to be seen on the way."""

    def __init__(self, program, sources, folder):
        store, self.output = folder / "store", folder / "frames"
        self.imported = program.run("local", "import", *sources, "--store", store, "--json")
        lines = parse_lines(self.imported.stdout)
        self.created = [line for line in lines if line["event"] == "created"]
        self.failed = [line for line in lines if line["event"] == "failed"]
        self.skipped = [line for line in lines if line["event"] == "skipped"]
        self.summary = lines[-1]
        assert self.summary["event"] == "summary"
        self.manifest, self.documents = [], {}
        if not self.created:
            return
        with LocalStore(program, store) as server:
            fetched = program.run(
                "fetch", "--endpoint-url", server.url, "--no-sign-request", "--datastore",
                self.summary["datastoreId"], "--all", "--format", "raw", "--keep-codestream", "--output", self.output)
            assert fetched.returncode == 0, fetched.stderr
            self.manifest = read_manifest(self.output)
            for line in self.created:
                self.documents[line["imageSetId"]] = get_metadata(server.url, line)

    def frames(self, sop_instance_uid):
        """The manifest's lines of one instance, in the order of its frames."""
        lines = [line for line in self.manifest if line["sopInstanceUID"] == sop_instance_uid]
        return sorted(lines, key=lambda line: line["frameNumber"])

    def instance(self, sop_instance_uid):
        """What the metadata says about one instance."""
        found = [
            series["Instances"][sop_instance_uid] for document in self.documents.values()
            for series in document["Study"]["Series"].values() if sop_instance_uid in series["Instances"]]
        assert len(found) == 1
        return found[0]

    def pixels(self, line):
        return (self.output / line["file"]).read_bytes()

    def stored_bytes(self, line):
        """The frame as it was served."""
        stem = self.output / line["file"]
        return (stem if line["decoder"] == "as-stored" else stem.with_suffix(".jph")).read_bytes()


def post(url, body=None):
    request = urllib.request.Request(url, data=json.dumps(body or {}).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read()


def image_set_url(url, line):
    """`line` is the one that the import printed for an image set."""
    return f"{url}/datastore/{line['datastoreId']}/imageSet/{line['imageSetId']}"


def get_metadata(url, line):
    return json.loads(gzip.decompress(post(image_set_url(url, line) + "/getImageSetMetadata")))


def get_frame(url, line, frame_id):
    return post(image_set_url(url, line) + "/getImageFrame", {"imageFrameId": frame_id})


def stored_syntax(dataset):
    """In which syntax the service keeps an instance (developer guide, supported transfer syntaxes)."""
    if dataset.BitsAllocated == 1:
        return EXPLICIT_LITTLE_ENDIAN
    imported = str(dataset.file_meta.TransferSyntaxUID)
    return imported if imported in KEPT else HTJ2K_LOSSLESS_RPCL


def samples(data, dataset):
    kind = "i" if dataset.PixelRepresentation == 1 else "u"
    return numpy.frombuffer(data, f"<{kind}{dataset.BitsAllocated // 8}").astype(numpy.int64)


def stored_values(data, dataset):
    """The values in the BitsStored bits of each sample (PS3.5, 8.1.1); the bits around them may be an overlay."""
    bits = dataset.BitsStored
    values = samples(data, dataset) >> (dataset.HighBit - bits + 1) & (1 << bits) - 1
    return values - ((values >> bits - 1 << bits) if dataset.PixelRepresentation == 1 else 0)


def assert_instance_came_through(trip, dataset, sop_instance_uid=None):
    """One file's frames: verified, equal to what pydicom reads in it, and described rightly by the metadata."""
    uid = sop_instance_uid or str(dataset.SOPInstanceUID)
    lines, instance = trip.frames(uid), trip.instance(uid)
    expected = raw_frames(dataset)
    assert [line["frameNumber"] for line in lines] == list(range(1, len(expected) + 1))
    assert [line["status"] for line in lines] == ["verified"] * len(expected)
    assert [line["imageFrameId"] for line in lines] == [frame["ID"] for frame in instance["ImageFrames"]]
    syntax = stored_syntax(dataset)
    assert instance["StoredTransferSyntaxUID"] == syntax
    # Files from before Part 10 name no syntax.
    named = instance["DICOM"].get("TransferSyntaxUID", IMPLICIT_LITTLE_ENDIAN)
    assert named == str(dataset.file_meta.TransferSyntaxUID)
    originals = [None] * len(expected)
    if syntax in KEPT:
        originals = list(generate_frames(dataset.PixelData, number_of_frames=len(expected)))
    elif syntax == EXPLICIT_LITTLE_ENDIAN:
        originals = expected
    for line, frame, pixels, original in zip(lines, instance["ImageFrames"], expected, originals, strict=True):
        assert line["fileCrc32"] == f"{zlib.crc32(trip.pixels(line)):08x}"
        if syntax != JPEG_BASELINE:
            assert_same_pixels(trip.pixels(line), pixels, dataset)
        assert_described(frame, line, trip.stored_bytes(line), pixels, original, dataset)


def assert_same_pixels(ours, theirs, dataset):
    assert len(ours) == len(theirs)
    tolerance = TOLERANCE.get(str(dataset.file_meta.TransferSyntaxUID), 0)
    if tolerance == 0:
        assert ours == theirs
        return
    assert numpy.abs(samples(ours, dataset) - samples(theirs, dataset)).max() <= tolerance


def assert_described(frame, line, stored, pixels, original, dataset):
    """Sizes, checksum and range of one frame; `original` is its form in the file where it is kept."""
    assert frame["FrameSizeInBytes"] == len(stored) == line["encodedBytes"]
    full = frame["PixelDataChecksumFromBaseToFullResolution"][-1]
    assert (full["Width"], full["Height"]) == (dataset.Columns, dataset.Rows)
    assert f"{full['Checksum']:08x}" == line["crc32"] == line["crc32Expected"]
    if original is not None:
        assert stored == original
        assert full["Checksum"] == zlib.crc32(stored)
        assert frame["MinPixelValue"] is None and frame["MaxPixelValue"] is None
        return
    tolerance = TOLERANCE.get(str(dataset.file_meta.TransferSyntaxUID), 0)
    if tolerance == 0:
        assert full["Checksum"] == zlib.crc32(pixels)
    values = stored_values(pixels, dataset)
    assert abs(frame["MinPixelValue"] - values.min()) <= tolerance
    assert abs(frame["MaxPixelValue"] - values.max()) <= tolerance
