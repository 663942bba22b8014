"""decode: local codestreams to pixels, without any service."""

import pathlib

import pytest
from built_program import SHARED_DATA as DATA
from cli_support import error_lines, parse_lines, read_manifest

NAMES = ["CT1", "MR2", "US1", "VL1", "XA1"]


@pytest.fixture(scope="module")
def codestreams(program, local, served, tmp_path_factory):
    """A folder of served codestreams, and the manifest of their pixels."""
    folder = tmp_path_factory.mktemp("decode") / "frames"
    result = program.run(
        "fetch", "--endpoint-url", served.url, "--no-sign-request", "--datastore", local.datastore, "--all",
        "--keep-codestream", "--output", folder)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_reference_codestreams_decode_byte_for_byte(program, tmp_path, name):
    source = DATA / "frames" / f"{name}.j2c"
    if not source.exists():
        pytest.skip(f"NO REAL DATA: {source} is absent")
    result = program.run("decode", source, "--output", tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / f"{name}.raw").read_bytes() == (DATA / "frames" / f"{name}.RAW").read_bytes()


def test_a_truncated_frame_is_refused(program, tmp_path):
    source = DATA / "frames" / "healthimaging-frame-truncated.jph"
    if not source.exists():
        pytest.skip(f"NO REAL DATA: {source} is absent")
    result = program.run("decode", source, "--output", tmp_path, "--json")
    assert result.returncode == 65
    assert len(error_lines(result)) == 1 and str(source) in error_lines(result)[0]
    assert [line["error"]["code"] for line in parse_lines(result.stdout)] == ["truncated"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_codestreams_becomes_what_fetch_wrote(program, codestreams, local, tmp_path):
    folder = codestreams / local.datastore / local["CT"].image_set
    lines = program.json_lines("decode", folder, "--output", tmp_path)
    decoded = [line for line in lines if line.get("event") == "decoded"]
    assert len(decoded) == local["CT"].frames
    for entry in read_manifest(codestreams):
        if entry["imageSetId"] != local["CT"].image_set:
            continue
        pixels = (tmp_path / f"{entry['imageFrameId']}.raw").read_bytes()
        assert pixels == (codestreams / entry["file"]).read_bytes()
        line = next(line for line in decoded if line["output"].endswith(f"{entry['imageFrameId']}.raw"))
        for key in ("width", "height", "components", "bitsPerSample", "signed", "crc32", "decodedBytes"):
            assert line[key] == entry[key], key


def test_one_bad_file_does_not_stop_the_others(program, codestreams, local, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    good = next((codestreams / local.datastore / local["MR"].image_set).glob("*.jph"))
    (source / "good.jph").write_bytes(good.read_bytes())
    (source / "cut.jph").write_bytes(good.read_bytes()[:-200])
    (source / "empty.jph").write_bytes(b"")
    (source / "text.jph").write_bytes(b"this is no image\n")
    result = program.run("decode", source, "--output", tmp_path / "out", "--json")
    lines = parse_lines(result.stdout)
    assert result.returncode == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["good.raw"]
    failed = [line for line in lines if line.get("event") == "failed"]
    assert {pathlib.Path(line["input"]).name for line in failed} == {"cut.jph", "empty.jph", "text.jph"}
    assert all(line["error"]["code"] and line["error"]["message"] for line in failed)


def test_two_inputs_of_one_name_do_not_overwrite_each_other(program, codestreams, local, tmp_path):
    good = next((codestreams / local.datastore / local["MR"].image_set).glob("*.jph"))
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.jph").write_bytes(good.read_bytes())
    result = program.run("decode", tmp_path / "a/same.jph", tmp_path / "b/same.jph", "--output", tmp_path / "out")
    assert result.returncode == 64
    assert "same.raw" in error_lines(result)[0]
    assert not (tmp_path / "out").exists()


def test_an_existing_file_is_replaced_only_on_request(program, codestreams, local, tmp_path):
    good = next((codestreams / local.datastore / local["MR"].image_set).glob("*.jph"))
    target = tmp_path / (good.stem + ".raw")
    target.write_text("mine")
    refused = program.run("decode", good, "--output", tmp_path)
    assert refused.returncode == 74 and "--overwrite" in error_lines(refused)[0]
    assert target.read_text() == "mine"
    replaced = program.run("decode", good, "--output", tmp_path, "--overwrite")
    assert replaced.returncode == 0, replaced.stderr
    assert target.read_bytes() == (good.parent / (good.stem + ".raw")).read_bytes()


def test_what_the_native_decoder_declines_names_decoder_and_reason(program, codestreams, local, tmp_path):
    good = next((codestreams / local.datastore / local["MR"].image_set).glob("*.jph"))
    bytes_ = bytearray(good.read_bytes())
    first_tile_part = bytes_.index(b"\xff\x90\x00\x0a")
    # RGN with a shift of 0: legal, without effect, and declined.
    bytes_[first_tile_part:first_tile_part] = b"\xff\x5e\x00\x05\x00\x00\x00"
    roi = tmp_path / "roi.jph"
    roi.write_bytes(grown_box(bytes_, 7))
    lines = program.json_lines("decode", good, roi, "--output", tmp_path / "out")
    decoded = {pathlib.Path(line["input"]).name: line for line in lines if line.get("event") == "decoded"}
    assert decoded[good.name]["decoder"] == "native"
    assert "fallbackReason" not in decoded[good.name]
    assert decoded["roi.jph"]["decoder"] == "openjpeg"
    assert decoded["roi.jph"]["fallbackReason"] == "roi"
    assert decoded["roi.jph"]["crc32"] == decoded[good.name]["crc32"]


def grown_box(bytes_, more):
    """A JPH file whose codestream grew by so many bytes; as it is when the box runs to the end of the file."""
    place = bytes_.find(b"jp2c")
    if place < 0:
        return bytes(bytes_)
    length = int.from_bytes(bytes_[place - 4:place], "big")
    if length > 1:
        bytes_[place - 4:place] = (length + more).to_bytes(4, "big")
    return bytes(bytes_)
