"""verify finds every way in which a folder can differ from its manifest."""

import json
import os
import shutil
import zlib

import pytest
from cli_support import error_lines, output_files, parse_lines, read_manifest


@pytest.fixture(scope="module")
def original(program, local, served, tmp_path_factory):
    folder = tmp_path_factory.mktemp("verify") / "frames"
    result = program.run(
        "fetch", "--endpoint-url", served.url, "--no-sign-request", "--datastore", local.datastore,
        "--image-set", local["CT"].image_set, "--output", folder)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def fetched(original, tmp_path):
    return shutil.copytree(original, tmp_path / "frames")


def findings(program, folder):
    result = program.run("verify", folder, "--json")
    lines = parse_lines(result.stdout)
    assert lines[-1]["event"] == "summary"
    assert result.returncode == (0 if lines[-1]["clean"] else 1)
    return [(line["finding"], line["file"]) for line in lines[:-1]], lines[-1]["counts"]


def test_an_untouched_folder_is_clean(program, fetched, local):
    found, counts = findings(program, fetched)
    assert found == [] and counts["filesChecked"] == local["CT"].frames
    text = program.run("verify", fetched)
    assert text.returncode == 0 and "all as they were written" in text.stdout


def test_a_removed_file_is_missing(program, fetched):
    name = read_manifest(fetched)[0]["file"]
    (fetched / name).unlink()
    assert findings(program, fetched)[0] == [("missing", name)]


@pytest.mark.parametrize("position", [0, 1000, -1])
def test_one_flipped_bit_is_a_change(program, fetched, position):
    name = read_manifest(fetched)[1]["file"]
    data = bytearray((fetched / name).read_bytes())
    data[position] ^= 0x10
    (fetched / name).write_bytes(data)
    assert findings(program, fetched)[0] == [("changed", name)]


@pytest.mark.parametrize("size", [0, 100])
def test_another_length_is_a_change(program, fetched, size):
    name = read_manifest(fetched)[2]["file"]
    (fetched / name).write_bytes((fetched / name).read_bytes()[:size])
    assert findings(program, fetched)[0] == [("changed", name)]


def test_a_file_that_nobody_named_is_extra(program, fetched):
    (fetched / "notes.txt").write_text("mine")
    assert findings(program, fetched)[0] == [("extra", "notes.txt")]
    text = program.run("verify", fetched)
    assert text.returncode == 1 and "extra: notes.txt" in text.stdout


def test_a_manifest_that_leads_out_of_the_folder_is_refused(program, fetched):
    manifest = fetched / "manifest.jsonl"
    name = read_manifest(fetched)[0]["file"]
    manifest.write_text(manifest.read_text().replace(name, "../../etc/passwd"))
    result = program.run("verify", fetched)
    assert result.returncode == 65 and "hi-fetch: error: " in result.stderr


def test_an_unfinished_last_line_is_no_damage(program, fetched):
    with open(fetched / "manifest.jsonl", "a") as manifest:
        manifest.write('{"datastoreId":"abc')
    assert findings(program, fetched)[0] == []


def test_another_size_is_told_without_reading(program, fetched):
    name = read_manifest(fetched)[0]["file"]
    with open(fetched / name, "r+b") as file:
        file.truncate(1 << 42)
    found, counts = findings(program, fetched)
    assert found == [("changed", name)]
    rest = sum(line["decodedBytes"] for line in read_manifest(fetched)[1:])
    assert counts["bytesRead"] == rest


@pytest.mark.parametrize("size", [10**13, 2**62, -1, 0])
def test_a_size_in_the_manifest_reserves_no_memory(program, fetched, size):
    manifest = fetched / "manifest.jsonl"
    lines = manifest.read_text().splitlines()
    record = json.loads(lines[0])
    record["fileBytes"] = size
    manifest.write_text("\n".join([json.dumps(record), *lines[1:]]) + "\n")
    assert findings(program, fetched)[0] == [("changed", record["file"])]


def test_a_pipe_in_the_place_of_a_file_does_not_hang(program, fetched):
    name = read_manifest(fetched)[0]["file"]
    (fetched / name).unlink()
    os.mkfifo(fetched / name)
    assert findings(program, fetched)[0] == [("unreadable", name)]


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_a_manifest_that_is_no_file_is_65(program, fetched, make):
    (fetched / "manifest.jsonl").unlink()
    make(fetched / "manifest.jsonl")
    result = program.run("verify", fetched, timeout=60)
    assert result.returncode == 65 and "not a regular file" in error_lines(result)[0]


@pytest.mark.parametrize("damage", ["garbage", '{"datastoreId":1}', "{" * 100_000, "\x00"])
def test_a_damaged_line_is_told_and_the_rest_is_checked(program, fetched, damage):
    manifest = fetched / "manifest.jsonl"
    lines = manifest.read_text().splitlines()
    lost, changed = json.loads(lines[4])["file"], json.loads(lines[-1])["file"]
    (fetched / changed).write_bytes(b"short")
    manifest.write_text("\n".join([*lines[:4], damage, *lines[5:]]) + "\n")
    found, counts = findings(program, fetched)
    assert set(found) == {("damaged", "manifest.jsonl"), ("extra", lost), ("changed", changed)}
    assert counts["damaged"] == 1 and counts["records"] == len(lines) - 1 == counts["filesChecked"]
    text = program.run("verify", fetched)
    assert text.returncode == 1 and "damaged record at line 5" in text.stdout


def test_a_manifest_without_a_record_is_warned_of(program, fetched):
    for name in output_files(fetched):
        (fetched / name).unlink()
    (fetched / "manifest.jsonl").write_text("")
    result = program.run("verify", fetched)
    assert result.returncode == 0
    assert [line for line in result.stderr.splitlines() if "warning" in line and "no records" in line]


@pytest.fixture
def both(program, local, served, tmp_path):
    """A folder with the pixels and the codestream of each frame."""
    folder = tmp_path / "both"
    result = program.run(
        "fetch", "--endpoint-url", served.url, "--no-sign-request", "--datastore", local.datastore,
        "--image-set", local["MR"].image_set, "--keep-codestream", "--output", folder)
    assert result.returncode == 0, result.stderr
    return folder


def test_kept_codestreams_are_named_with_their_checksum(program, both, local):
    for line in read_manifest(both):
        behind = list(line).index("error") + 1
        assert list(line)[behind: behind + 3] == ["fileCrc32", "codestreamFile", "codestreamCrc32"]
        codestream = (both / line["codestreamFile"]).read_bytes()
        assert len(codestream) == line["encodedBytes"]
        assert f"{zlib.crc32(codestream):08x}" == line["codestreamCrc32"]
    found, counts = findings(program, both)
    assert found == [] and counts["filesNamed"] == counts["filesChecked"] == 2 * local["MR"].frames


def test_kept_codestreams_are_checked_and_their_neighbours_are_extra(program, both):
    first, second = read_manifest(both)[:2]
    data = bytearray((both / first["codestreamFile"]).read_bytes())
    data[-1] ^= 1
    (both / first["codestreamFile"]).write_bytes(data)
    (both / second["codestreamFile"]).unlink()
    neighbour = first["file"].removesuffix(".raw") + ".png"
    (both / neighbour).write_bytes(b"mine")
    assert set(findings(program, both)[0]) == {
        ("changed", first["codestreamFile"]), ("missing", second["codestreamFile"]), ("extra", neighbour)}


@pytest.mark.parametrize("conclusion", ["interrupted", "stopped", "some-failed"])
def test_a_fetch_that_did_not_end_complete_is_told(program, fetched, conclusion):
    report = json.loads((fetched / "report.json").read_text())
    (fetched / "report.json").write_text(json.dumps({**report, "conclusion": conclusion}))
    text = program.run("verify", fetched)
    assert text.returncode == 0 and "all as they were written" in text.stdout
    warnings = [line for line in text.stderr.splitlines() if line.startswith("hi-fetch: warning: ")]
    assert len(warnings) == 1
    assert ("some frames or image sets failed" if conclusion == "some-failed" else conclusion) in warnings[0]
    assert parse_lines(program.run("verify", fetched, "--json").stdout)[-1]["fetchConclusion"] == conclusion


def test_a_complete_fetch_needs_no_warning(program, fetched):
    assert program.run("verify", fetched).stderr == ""


def test_a_fetch_that_left_no_report_is_told(program, fetched):
    (fetched / "report.json").unlink()
    text = program.run("verify", fetched)
    assert text.returncode == 0 and "no report.json" in text.stderr


def test_help_claims_no_decoding(program):
    text = " ".join(program.run("verify", "--help").stdout.split())
    assert "decodes nothing" in text and "decoded first" not in text
