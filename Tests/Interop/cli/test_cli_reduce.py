"""--reduce and --max-size: lower resolutions, decoded and fetched, verified where the metadata lists their checksums."""

import json
import pathlib
import shutil
import subprocess
import zlib

import numpy
import pytest
from built_program import SHARED_DATA
from cli_support import LocalStore, error_lines, output_files, parse_lines, read_manifest
from fake_service import DATASTORE, IMAGE_SET, Answer, FakeService, frame_id, metadata

DATA = SHARED_DATA / "frames"
NAMES = ["CT1", "MR2", "US1", "VL1", "XA1"]
# Modality: width, height, decompositions (halved while both sides are above 64), components.
STUDIES = {"CT": (300, 200, 2, 1), "MR": (130, 129, 2, 1), "US": (261, 257, 3, 3), "MG": (80, 60, 0, 1)}


def reduced(size, reduction):
    return -(-size // (1 << reduction))


def real(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"NO REAL DATA: {path} is absent")
    return path


@pytest.fixture(scope="module")
def store(program, tmp_path_factory):
    """A served store with the studies above; `by_image_set` names each one's modality."""
    folder = tmp_path_factory.mktemp("reduce") / "store"

    class Store:
        by_image_set = {}

    for modality, (width, height, _, _) in STUDIES.items():
        lines = program.json_lines(
            "local", "synth", "--store", folder, "--modality", modality, "--frames", 3, "--size", f"{width}x{height}",
            "--seed", "11")
        line = next(line for line in lines if "imageSetId" in line)
        Store.by_image_set[line["imageSetId"]] = modality
        Store.datastore = line["datastoreId"]
    with LocalStore(program, folder) as server:
        Store.url = server.url
        yield Store


def fetch(program, store, output, *arguments):
    return program.run(
        "fetch", "--endpoint-url", store.url, "--no-sign-request", "--datastore", store.datastore, "--all",
        "--output", output, *arguments)


def contents(folder):
    return {name: (pathlib.Path(folder) / name).read_bytes() for name in output_files(folder)}


def assert_reduced(store, folder, expected_reduction):
    """Every frame is verified, at the resolution that `expected_reduction` (of a modality) says."""
    lines = read_manifest(folder)
    assert len(lines) == 3 * len(STUDIES)
    for line in lines:
        modality = store.by_image_set[line["imageSetId"]]
        width, height, _, components = STUDIES[modality]
        reduction = expected_reduction(modality)
        assert (line["status"], line["reduction"]) == ("verified", reduction)
        assert (line["width"], line["height"]) == (reduced(width, reduction), reduced(height, reduction))
        data = (pathlib.Path(folder) / line["file"]).read_bytes()
        sample = 1 if line["bitsPerSample"] <= 8 else 2
        assert len(data) == line["decodedBytes"] == line["width"] * line["height"] * components * sample
        assert f"{zlib.crc32(data):08x}" == line["crc32"] == line["crc32Expected"] == line["fileCrc32"]


@pytest.mark.parametrize("reduction", [0, 1, 2, 3])
def test_fetch_writes_the_resolution_asked_for_and_verifies_it(program, store, tmp_path, reduction):
    result = fetch(program, store, tmp_path / "native", "--reduce", reduction)
    assert result.returncode == 0, result.stderr
    assert_reduced(store, tmp_path / "native", lambda modality: min(reduction, STUDIES[modality][2]))
    # Those with fewer levels are taken at their lowest, and the user is told how many.
    lacking = 3 * sum(1 for study in STUDIES.values() if study[2] < reduction)
    assert (f"{lacking} frames larger than asked for" in result.stdout) == (lacking > 0)
    report = json.loads((tmp_path / "native" / "report.json").read_text())
    assert report["counts"]["framesLackingResolution"] == lacking
    assert report["resolution"] == (f"reduce {reduction}" if reduction else "full")
    assert program.run("verify", tmp_path / "native").returncode == 0

    peer = fetch(program, store, tmp_path / "openjpeg", "--reduce", reduction, "--decoder", "openjpeg")
    assert peer.returncode == 0, peer.stderr
    assert contents(tmp_path / "openjpeg") == contents(tmp_path / "native")


@pytest.mark.parametrize("box", ["150x150", "131x1000", "1000x64", "1x1"])
@pytest.mark.parametrize("also", [[], ["--reduce", "1"]])
def test_max_size_takes_the_largest_resolution_that_fits(program, store, tmp_path, box, also):
    result = fetch(program, store, tmp_path, "--max-size", box, *also)
    assert result.returncode == 0, result.stderr
    widest, highest = map(int, box.split("x"))

    def expected(modality):
        width, height, levels, _ = STUDIES[modality]
        fitting = [r for r in range(levels + 1) if reduced(width, r) <= widest and reduced(height, r) <= highest]
        return max(min(fitting, default=levels), min(1 if also else 0, levels))

    assert_reduced(store, tmp_path, expected)


def test_plan_shows_the_resolutions_that_can_be_verified(program, store):
    lines = program.json_lines(
        "plan", "--endpoint-url", store.url, "--no-sign-request", "--datastore", store.datastore, "--all")
    assert lines[-1]["framesWithLowerChecksums"] == 9
    for line in lines[:-1]:
        width, height, levels, _ = STUDIES[store.by_image_set[line["imageSetId"]]]
        assert [(entry["width"], entry["height"]) for entry in line["lowerResolutions"]] == [
            (reduced(width, r), reduced(height, r)) for r in range(levels, 0, -1)]


def test_a_folder_of_reduced_frames_is_checked_like_any_other(program, store, tmp_path):
    assert fetch(program, store, tmp_path, "--reduce", "2").returncode == 0
    victim = tmp_path / read_manifest(tmp_path)[0]["file"]
    data = bytearray(victim.read_bytes())
    data[7] ^= 1
    victim.write_bytes(data)
    result = program.run("verify", tmp_path)
    assert result.returncode == 1 and victim.name in result.stdout


# One real stream, served with metadata of our own making.


@pytest.fixture(scope="module")
def one_stream(program, store, tmp_path_factory):
    """A CT codestream as served, and its pixels by reduction."""
    folder = tmp_path_factory.mktemp("one")
    assert fetch(program, store, folder / "jph", "--format", "jph").returncode == 0
    line = next(
        line for line in read_manifest(folder / "jph") if store.by_image_set[line["imageSetId"]] == "CT")
    stream = folder / "jph" / line["file"]
    pixels = []
    for reduction in range(3):
        assert program.run("decode", stream, "--reduce", reduction, "--output", folder / str(reduction)).returncode == 0
        pixels.append(next((folder / str(reduction)).iterdir()).read_bytes())
    return stream.read_bytes(), pixels


def served_frame(stream, listed, syntax="1.2.840.10008.1.2.4.202"):
    """A service with one frame: `listed` are its (width, height, checksum)."""
    document = metadata(1)
    instance = document["Study"]["Series"]["1.2.3"]["Instances"]["1.2.3.4"]
    instance["StoredTransferSyntaxUID"] = syntax
    instance["ImageFrames"][0]["PixelDataChecksumFromBaseToFullResolution"] = [
        {"Width": width, "Height": height, "Checksum": checksum} for width, height, checksum in listed]
    return FakeService(document=document, frame=Answer(200, stream, {"Content-Type": "image/jph"}))


def fetch_from(program, service, output, *arguments):
    return program.run(
        "fetch", "--endpoint-url", service.url, "--no-sign-request", "--datastore", DATASTORE, "--image-set",
        IMAGE_SET, "--output", output, *arguments)


def test_a_resolution_without_a_checksum_is_unverifiable_and_written_only_when_allowed(program, one_stream, tmp_path):
    stream, pixels = one_stream
    with served_frame(stream, [(300, 200, zlib.crc32(pixels[0]))]) as service:
        full = fetch_from(program, service, tmp_path / "full")
        assert full.returncode == 0, full.stderr
        refused = fetch_from(program, service, tmp_path / "refused", "--reduce", "1")
        assert refused.returncode == 1
        assert "without a checksum for the resolution asked for" in error_lines(refused)[0]
        assert "--allow-unverifiable" in error_lines(refused)[0]
        assert output_files(tmp_path / "refused") == set()
        allowed = fetch_from(program, service, tmp_path / "allowed", "--reduce", "1", "--allow-unverifiable")
        assert allowed.returncode == 0, allowed.stderr
    for name, file in [("refused", None), ("allowed", f"{DATASTORE}/{IMAGE_SET}/{frame_id(0)}.raw")]:
        line, = read_manifest(tmp_path / name)
        assert line["status"] == "unverifiable"
        assert line["unverifiableReason"] == "no-checksum-for-resolution"
        assert (line["crc32Expected"], line["file"]) == (None, file)
        report = json.loads((tmp_path / name / "report.json").read_text())
        assert report["counts"]["framesByUnverifiableReason"] == {"no-checksum-for-resolution": 1}
    assert (tmp_path / "allowed" / file).read_bytes() == pixels[1]
    assert program.run("verify", tmp_path / "allowed").returncode == 0


def test_a_wrong_checksum_of_the_resolution_is_a_mismatch(program, one_stream, tmp_path):
    stream, pixels = one_stream
    with served_frame(stream, [(150, 100, 1), (300, 200, zlib.crc32(pixels[0]))]) as service:
        result = fetch_from(program, service, tmp_path, "--reduce", "1", "--allow-unverifiable")
    assert result.returncode == 1
    line, = read_manifest(tmp_path)
    assert (line["status"], line["crc32Expected"]) == ("mismatch", "00000001")
    assert line["crc32"] == f"{zlib.crc32(pixels[1]):08x}"
    assert output_files(tmp_path) == set()


def test_a_frame_kept_as_imported_is_proved_by_its_bytes(program, one_stream, tmp_path):
    stream, pixels = one_stream
    listed = [(300, 200, zlib.crc32(stream))]
    with served_frame(stream, listed, syntax="1.2.840.10008.1.2.4.203") as service:
        result = fetch_from(program, service, tmp_path, "--reduce", "2")
    assert result.returncode == 0, result.stderr
    line, = read_manifest(tmp_path)
    assert (line["status"], line["reduction"], line["width"]) == ("verified", 2, 75)
    assert (tmp_path / line["file"]).read_bytes() == pixels[2]
    assert program.run("verify", tmp_path).returncode == 0


def test_frames_that_are_not_decoded_stay_as_they_are_and_are_counted(program, tmp_path):
    with FakeService() as service:
        result = fetch_from(program, service, tmp_path, "--reduce", "1")
    assert result.returncode == 0, result.stderr
    assert {(line["status"], line["reduction"]) for line in read_manifest(tmp_path)} == {("verified", None)}
    assert "4 frames larger than asked for" in result.stdout


def tile_part_ends(stream):
    """The offset behind each tile-part (T.800, A.4.2)."""
    at, ends = stream.index(b"\xff\x90\x00\x0a"), []
    while stream[at: at + 2] == b"\xff\x90":
        at += int.from_bytes(stream[at + 6: at + 10], "big")
        ends.append(at)
    return ends


def test_what_arrives_cut_off_is_verified_at_the_resolution_that_it_holds(program, one_stream, tmp_path):
    stream, pixels = one_stream
    cut = stream[: tile_part_ends(stream)[1] + 100]
    listed = [(75, 50, zlib.crc32(pixels[2])), (150, 100, zlib.crc32(pixels[1])), (300, 200, zlib.crc32(pixels[0]))]
    with served_frame(cut, listed) as service:
        for reduction in (1, 2):
            result = fetch_from(program, service, tmp_path / str(reduction), "--reduce", reduction)
            assert result.returncode == 0, result.stderr
            line, = read_manifest(tmp_path / str(reduction))
            assert (tmp_path / str(reduction) / line["file"]).read_bytes() == pixels[reduction]
        assert fetch_from(program, service, tmp_path / "0").returncode == 1
        line, = read_manifest(tmp_path / "0")
        assert (line["status"], line["error"]["code"]) == ("failed", "truncated")


def test_frames_of_one_resolution_are_no_frames_of_another(program, one_stream, tmp_path):
    """What an earlier run left in the folder counts only if it is what this run would write."""
    stream, pixels = one_stream
    listed = [(75, 50, zlib.crc32(pixels[2])), (150, 100, zlib.crc32(pixels[1])), (300, 200, zlib.crc32(pixels[0]))]
    for name, sums in [("verified", listed), ("unverifiable", [])]:
        with served_frame(stream, sums) as service:
            for arguments, reduction in [
                    (["--reduce", "1"], 1), (["--reduce", "2"], 2), ([], 0), (["--max-size", "80x80"], 2),
                    (["--max-size", "160x160"], 1), (["--max-size", "160x160"], 1), ([], 0)]:
                result = fetch_from(program, service, tmp_path / name, "--allow-unverifiable", *arguments)
                assert result.returncode == 0, result.stderr
                line = read_manifest(tmp_path / name)[-1]
                assert (line["status"], line["reduction"]) == (name, reduction)
                assert (tmp_path / name / line["file"]).read_bytes() == pixels[reduction]
                assert program.run("verify", tmp_path / name).returncode == 0


# decode


def decoded_by_openjpeg(path, reduction, folder, components):
    """OpenJPEG's own program, as interleaved samples."""
    program = shutil.which("opj_decompress")
    if program is None:
        pytest.skip("NO opj_decompress: install libopenjp2-tools (scripts/setup.sh --tests)")
    target = folder / "peer.rawl"
    subprocess.run(
        [program, "-i", path, "-r", str(reduction), "-o", target], check=True, capture_output=True, timeout=120)
    data = target.read_bytes()
    if components == 1:
        return data
    return numpy.frombuffer(data, numpy.uint8).reshape(components, -1).T.tobytes()


@pytest.mark.parametrize("reduction", range(6))
@pytest.mark.parametrize("name", NAMES)
def test_every_resolution_of_a_real_frame_is_what_openjpeg_decodes(program, tmp_path, name, reduction):
    source = real(f"{name}.j2c")
    for decoder in ("native", "openjpeg"):
        line, = program.json_lines(
            "decode", source, "--reduce", reduction, "--decoder", decoder, "--output", tmp_path / decoder)
        assert (line["decoder"], line["reduction"]) == (decoder, reduction)
        ours = (tmp_path / decoder / f"{name}.raw").read_bytes()
        assert len(ours) == line["width"] * line["height"] * line["components"] * (1 + (line["bitsPerSample"] > 8))
        assert ours == decoded_by_openjpeg(source, reduction, tmp_path, line["components"])


def test_the_cut_off_frame_of_the_service_decodes_at_its_lowest_resolution(program, tmp_path):
    source = real("healthimaging-frame-truncated.jph")
    line, = program.json_lines("decode", source, "--reduce", "3", "--output", tmp_path)
    assert (line["width"], line["height"], line["signed"], line["reduction"]) == (64, 64, True, 3)
    assert len((tmp_path / "healthimaging-frame-truncated.raw").read_bytes()) == 64 * 64 * 2
    result = program.run("decode", source, "--reduce", "2", "--output", tmp_path / "none")
    assert result.returncode == 65
    for word in (str(source), "tile 0", "resolution 1", "byte 12203"):
        assert word in error_lines(result)[0]
    assert list((tmp_path / "none").iterdir()) == []


def test_damage_is_named_and_does_not_matter_below_it(program, one_stream, tmp_path):
    stream, pixels = one_stream
    source = tmp_path / "damaged.jph"
    header = tile_part_ends(stream)[0] + 14  # the first packet of resolution 1
    source.write_bytes(stream[:header] + b"\xff" * 8 + stream[header + 8:])
    for reduction in (0, 1):
        result = program.run("decode", source, "--reduce", reduction, "--output", tmp_path / "out")
        assert result.returncode == 65
        line, = error_lines(result)
        for word in (str(source), "damaged", "tile 0", "resolution 1", "byte "):
            assert word in line
    good = program.run("decode", source, "--reduce", "2", "--output", tmp_path / "out")
    assert good.returncode == 0, good.stderr
    assert (tmp_path / "out" / "damaged.raw").read_bytes() == pixels[2]


def test_decode_refuses_a_file_with_fewer_levels_and_goes_on_with_the_others(program, one_stream, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "two.jph").write_bytes(one_stream[0])
    deep = tmp_path / "in" / "five.j2c"
    deep.write_bytes(real("CT1.j2c").read_bytes())
    result = program.run("decode", tmp_path / "in", "--reduce", "3", "--output", tmp_path / "out", "--json")
    assert result.returncode == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["five.raw"]
    failed = next(line for line in parse_lines(result.stdout) if line["event"] == "failed")
    assert failed["input"].endswith("two.jph") and failed["error"]["code"] == "unsupported"
    assert "300 x 200 has 3 resolutions" in failed["error"]["message"]
    assert len(error_lines(result)) == 1 and "two.jph" in error_lines(result)[0]


def test_decode_takes_the_lowest_resolution_of_a_file_that_does_not_fit(program, one_stream, tmp_path):
    source = tmp_path / "two.jph"
    source.write_bytes(one_stream[0])
    result = program.run("decode", source, "--max-size", "60x60", "--output", tmp_path / "out")
    assert result.returncode == 0
    assert "hi-fetch: warning: " in result.stderr and "two.jph" in result.stderr and "75x50" in result.stderr
    assert (tmp_path / "out" / "two.raw").read_bytes() == one_stream[1][2]


# The command line


@pytest.mark.parametrize("verb", ["fetch", "decode"])
@pytest.mark.parametrize("arguments", [
    ["--reduce", "33"], ["--reduce=-1"], ["--reduce", "x"], ["--reduce", "1.5"], ["--reduce"], ["--max-size", "512"],
    ["--max-size", "512x"], ["--max-size", "x512"], ["--max-size", "0x512"], ["--max-size", "512x0"],
    ["--max-size", "512x-1"], ["--max-size", "512x512x3"], ["--max-size", "axb"], ["--max-size", ""],
    ["--max-size", "512x99999999999999999999"]], ids=" ".join)
def test_senseless_sizes_are_64(program, tmp_path, verb, arguments):
    selection = ["--datastore", DATASTORE, "--all"] if verb == "fetch" else [tmp_path]
    result = program.run(verb, *selection, "--output", tmp_path / "out", *arguments)
    assert result.returncode == 64, result.stderr
    assert len(error_lines(result)) == 1 and arguments[0].split("=")[0] in error_lines(result)[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("resolution", [["--reduce", "1"], ["--max-size", "64x64"]])
@pytest.mark.parametrize("codestream", [["--format", "jph"], ["--keep-codestream"]])
def test_a_codestream_cannot_be_kept_reduced(program, tmp_path, resolution, codestream):
    result = program.run(
        "fetch", "--datastore", DATASTORE, "--all", "--output", tmp_path / "out", *resolution, *codestream)
    assert result.returncode == 64
    assert codestream[0] in error_lines(result)[0] and "decoded pixels" in error_lines(result)[0]
    assert not (tmp_path / "out").exists()


def test_the_old_name_is_gone(program, tmp_path):
    result = program.run("decode", tmp_path, "--reduction", "1", "--output", tmp_path / "out")
    assert result.returncode == 64
