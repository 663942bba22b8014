"""verify finds every way in which a folder can differ from its manifest."""

import shutil

import pytest
from cli_support import parse_lines, read_manifest


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
