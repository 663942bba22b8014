"""Examples/FrameStatistics, built as a package of its own, against a local data store."""

import os
import pathlib
import re
import subprocess

import numpy
import pytest
from cli_support import LocalStore, read_manifest

LINE = re.compile(r"([0-9a-z]{32}) (\d+)x(\d+)x(\d) min (-?\d+) max (-?\d+) mean (-?[0-9.]+)")


@pytest.fixture(scope="module")
def example():
    """The program that scripts/test.sh built from the example package: $FRAME_STATISTICS_BIN."""
    path = os.environ.get("FRAME_STATISTICS_BIN")
    if not path:
        pytest.skip("FRAME_STATISTICS_BIN does not name the built example; scripts/test.sh builds it")
    assert os.access(path, os.X_OK)
    return path


def run(example, program, *arguments):
    return subprocess.run(
        [example, *map(str, arguments)], env=program.environment(), timeout=300, stdin=subprocess.DEVNULL,
        capture_output=True, text=True)


def samples_of(line, folder):
    size = 1 if line["bitsPerSample"] <= 8 else 2 if line["bitsPerSample"] <= 16 else 4
    kind = f"<{'i' if line['signed'] else 'u'}{size}"
    return numpy.fromfile(pathlib.Path(folder) / line["file"], dtype=kind)


@pytest.mark.parametrize("modality", ["CT", "US"])
def test_its_numbers_are_numpys_of_the_files_that_fetch_wrote(example, program, local, served, tmp_path, modality):
    study = local[modality]
    fetched = program.run(
        "fetch", "--endpoint-url", served.url, "--no-sign-request", "--datastore", study.datastore, "--image-set",
        study.image_set, "--output", tmp_path)
    assert fetched.returncode == 0, fetched.stderr
    result = run(example, program, "--endpoint-url", served.url, "--no-sign-request", study.datastore, study.image_set)
    assert result.returncode == 0, result.stderr
    told = [LINE.fullmatch(line).groups() for line in result.stdout.splitlines()]
    manifest = {line["imageFrameId"]: line for line in read_manifest(tmp_path)}
    assert len(told) == study.frames and {row[0] for row in told} == set(manifest)
    # It asks for the order of the plan.
    planned = program.json_lines(
        "plan", "--endpoint-url", served.url, "--no-sign-request", "--datastore", study.datastore, "--image-set",
        study.image_set)
    assert [row[0] for row in told] == [line["imageFrameId"] for line in planned if "imageFrameId" in line]
    for identifier, width, height, components, least, greatest, mean in told:
        line = manifest[identifier]
        samples = samples_of(line, tmp_path)
        assert (int(width), int(height), int(components)) == (line["width"], line["height"], line["components"])
        assert (int(least), int(greatest)) == (samples.min(), samples.max())
        assert abs(float(mean) - samples.mean(dtype=numpy.float64)) < 0.001


def test_a_frame_that_is_gone_is_named_and_the_others_are_told(example, program, tmp_path):
    store = tmp_path / "store"
    created = program.json_lines(
        "local", "synth", "--store", store, "--modality", "MR", "--frames", "5", "--size", "32x32", "--seed", "3")
    study = next(line for line in created if "imageSetId" in line)
    frames = store / "datastores" / study["datastoreId"] / "imagesets" / study["imageSetId"] / "frames"
    gone = sorted(frames.iterdir())[2]
    gone.unlink()
    with LocalStore(program, store) as server:
        result = run(
            example, program, "--endpoint-url", server.url, "--no-sign-request", study["datastoreId"],
            study["imageSetId"])
    assert result.returncode == 1, result.stderr
    assert len(result.stdout.splitlines()) == 4
    assert gone.name in result.stderr and len(result.stderr.splitlines()) == 1


def test_what_ends_the_run_is_one_clear_line(example, program, local):
    study = local["CT"]
    nobody = run(example, program, "--endpoint-url", "http://127.0.0.1:1", "--no-sign-request", study.datastore, "0" * 32)
    assert nobody.returncode == 2 and "127.0.0.1:1" in nobody.stderr
    assert run(example, program, "only-one-argument").returncode == 64
