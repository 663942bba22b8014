"""From a synthetic study to verified files, over HTTP and TLS, unsigned and signed."""

import json
import os
import pathlib
import zlib

import pytest
from built_program import KEY, SECRET
from cli_support import LocalStore, output_files, parse_lines, read_manifest

MANIFEST_KEYS = """
    datastoreId imageSetId versionId studyInstanceUID seriesInstanceUID sopInstanceUID frameNumber imageFrameId status
    file encodedBytes decodedBytes width height components bitsPerSample signed crc32Expected crc32 decoder attempts
    error""".split()


def fetch(program, url, output, *arguments, **options):
    return program.run(
        "fetch", "--endpoint-url", url, "--no-sign-request", "--output", output, *arguments, **options)


def assert_raw_files_are_what_the_manifest_says(folder):
    lines = read_manifest(folder)
    for line in lines:
        data = (pathlib.Path(folder) / line["file"]).read_bytes()
        assert len(data) == line["decodedBytes"]
        assert f"{zlib.crc32(data):08x}" == line["crc32"] == line["crc32Expected"]
        sample = 1 if line["bitsPerSample"] <= 8 else 2 if line["bitsPerSample"] <= 16 else 4
        assert len(data) == line["width"] * line["height"] * line["components"] * sample
    assert output_files(folder) == {line["file"] for line in lines}


def test_every_modality_is_fetched_decoded_verified_and_written(program, local, served, tmp_path):
    result = fetch(program, served.url, tmp_path, "--datastore", local.datastore, "--all")
    assert result.returncode == 0, result.stderr
    lines = read_manifest(tmp_path)
    assert len(lines) == local.frames
    assert all(list(line)[: len(MANIFEST_KEYS)] == MANIFEST_KEYS for line in lines), "keys may be added at the end only"
    assert all(line["status"] == "verified" and line["error"] is None for line in lines)
    assert_raw_files_are_what_the_manifest_says(tmp_path)
    for modality in ("CT", "MR", "US", "MG"):
        study = local[modality]
        mine = [line for line in lines if line["imageSetId"] == study.image_set]
        assert len(mine) == study.frames
        assert {(line["width"], line["height"]) for line in mine} == {(study.width, study.height)}
        for line in mine:
            assert line["file"] == f"{study.datastore}/{study.image_set}/{line['imageFrameId']}.raw"
    assert {line["components"] for line in lines if line["imageSetId"] == local["US"].image_set} == {3}
    assert f"{local.frames} verified" in result.stdout


def test_the_report_tells_the_whole_run(program, local, served, tmp_path):
    fetch(program, served.url, tmp_path, "--datastore", local.datastore, "--image-set", local["CT"].image_set)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["conclusion"] == "complete"
    assert report["counts"]["verified"] == local["CT"].frames
    assert report["counts"]["framesPlanned"] == local["CT"].frames
    assert report["counts"]["failed"] == report["counts"]["mismatch"] == 0
    assert report["seconds"] > 0 and report["framesPerSecond"] > 0


def test_codestreams_are_kept_as_served(program, local, served, tmp_path):
    result = fetch(
        program, served.url, tmp_path, "--datastore", local.datastore, "--image-set", local["CT"].image_set,
        "--format", "jph")
    assert result.returncode == 0, result.stderr
    lines = read_manifest(tmp_path)
    frames = local.path / "datastores" / local.datastore / "imagesets" / local["CT"].image_set / "frames"
    for line in lines:
        assert line["status"] == "verified"
        assert line["file"].endswith(".jph")
        served_bytes = (frames / line["imageFrameId"]).read_bytes()
        assert (tmp_path / line["file"]).read_bytes() == served_bytes
        assert line["encodedBytes"] == len(served_bytes)
    assert program.run("verify", tmp_path).returncode == 0


def test_both_forms_can_be_kept(program, local, served, tmp_path):
    result = fetch(
        program, served.url, tmp_path, "--datastore", local.datastore, "--image-set", local["MR"].image_set,
        "--keep-codestream")
    assert result.returncode == 0, result.stderr
    lines = read_manifest(tmp_path)
    raw = {line["file"] for line in lines}
    assert output_files(tmp_path) == raw | {name.removesuffix(".raw") + ".jph" for name in raw}
    assert program.run("verify", tmp_path).returncode == 0


def test_format_none_writes_no_frame(program, local, served, tmp_path):
    result = fetch(program, served.url, tmp_path, "--datastore", local.datastore, "--all", "--format", "none")
    assert result.returncode == 0, result.stderr
    lines = read_manifest(tmp_path)
    assert len(lines) == local.frames
    assert all(line["status"] == "verified" and line["file"] is None for line in lines)
    assert output_files(tmp_path) == set()


def test_studies_and_series_select_their_frames(program, local, served, tmp_path):
    everything = program.json_lines(
        "plan", "--endpoint-url", served.url, "--no-sign-request", "--datastore", local.datastore, "--all")
    frames = [line for line in everything if "imageFrameId" in line]
    mr = next(line for line in frames if line["imageSetId"] == local["MR"].image_set)
    for option, uid in [("--study", mr["studyInstanceUID"]), ("--series", mr["seriesInstanceUID"])]:
        output = tmp_path / option
        result = fetch(program, served.url, output, "--datastore", local.datastore, option, uid)
        assert result.returncode == 0, result.stderr
        assert {line["imageSetId"] for line in read_manifest(output)} == {local["MR"].image_set}
        assert len(read_manifest(output)) == local["MR"].frames


def test_machines_that_share_the_work_fetch_each_frame_once(program, local, served, tmp_path):
    selection = ["--datastore", local.datastore, "--all"]
    fetched = []
    for part in ("1/3", "2/3", "3/3"):
        output = tmp_path / part[0]
        planned = program.json_lines(
            "plan", "--endpoint-url", served.url, "--no-sign-request", *selection, "--shard", part)
        for _ in range(2):  # the second finds everything done
            result = fetch(program, served.url, output, *selection, "--shard", part)
            assert result.returncode == 0, result.stderr
        frames = [line["imageFrameId"] for line in read_manifest(output)]
        assert sorted(frames) == sorted(line["imageFrameId"] for line in planned if "imageFrameId" in line)
        fetched += frames
    assert len(fetched) == len(set(fetched)) == local.frames
    for wrong in ("0/3", "4/3", "3", "a/b"):
        result = fetch(program, served.url, tmp_path / "wrong", *selection, "--shard", wrong)
        assert result.returncode == 64 and "--shard" in result.stderr


@pytest.mark.parametrize("version, status", [("1", 0), ("2", 65)])
def test_a_version_can_be_named(program, local, served, tmp_path, version, status):
    result = fetch(
        program, served.url, tmp_path, "--datastore", local.datastore,
        "--image-set", f"{local['MR'].image_set}@{version}")
    assert result.returncode == status, result.stderr


def test_metadata_files_are_an_input(program, local, served, tmp_path):
    document = (
        local.path / "datastores" / local.datastore / "imagesets" / local["MR"].image_set / "v1" / "metadata.json.gz")
    result = fetch(program, served.url, tmp_path, "--input", document)
    assert result.returncode == 0, result.stderr
    assert len(read_manifest(tmp_path)) == local["MR"].frames


def test_tls_with_its_own_authority_and_signatures(program, local, tmp_path):
    with LocalStore(program, local.path, "--tls", "--credentials", f"{KEY}:{SECRET}") as server:
        assert server.url.startswith("https://")
        authority = server.ready["caCertificate"]
        assert "BEGIN CERTIFICATE" in pathlib.Path(authority).read_text()
        arguments = [
            "fetch", "--endpoint-url", server.url, "--ca-bundle", authority, "--region", "us-east-1",
            "--datastore", local.datastore, "--image-set", local["CT"].image_set]
        right = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
        result = program.run(*arguments, "--output", tmp_path / "signed", env=right)
        assert result.returncode == 0, result.stderr
        assert len(read_manifest(tmp_path / "signed")) == local["CT"].frames
        assert_raw_files_are_what_the_manifest_says(tmp_path / "signed")

        wrong = {**right, "AWS_SECRET_ACCESS_KEY": SECRET[::-1]}
        result = program.run(*arguments, "--output", tmp_path / "refused", env=wrong)
        assert result.returncode == 77, result.stderr
        assert SECRET not in result.stderr and SECRET[::-1] not in result.stderr
        assert output_files(tmp_path / "refused") == set()

        unsigned = program.run(*arguments, "--no-sign-request", "--output", tmp_path / "unsigned")
        assert unsigned.returncode == 77, unsigned.stderr


def test_credentials_come_from_a_profile_too(program, local, tmp_path):
    folder = tmp_path / "home" / ".aws"
    folder.mkdir(parents=True)
    (folder / "credentials").write_text(
        f"[other]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    (folder / "config").write_text("[profile other]\nregion = eu-west-1\n")
    with LocalStore(program, local.path, "--credentials", f"{KEY}:{SECRET}") as server:
        result = program.run(
            "hello", "--endpoint-url", server.url, "--profile", "other", env={"HOME": str(tmp_path / "home")})
        assert result.returncode == 0, result.stderr


def test_hello_lists_the_data_stores(program, local, served):
    result = program.run("hello", "--endpoint-url", served.url, "--no-sign-request")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] in ("1 HealthImaging data store was retrieved.", "1 HealthImaging data stores were retrieved.")
    assert "local" in lines[1] and local.datastore in lines[2]
    listed = program.json_lines("hello", "--endpoint-url", served.url, "--no-sign-request")
    assert [line["datastoreId"] for line in listed] == [local.datastore]


def test_plan_counts_what_fetch_would_do_and_fetches_no_frame(program, local, served, tmp_path):
    arguments = ["--endpoint-url", served.url, "--no-sign-request", "--datastore", local.datastore, "--all"]
    lines = program.json_lines("plan", *arguments, cwd=tmp_path)
    frames = [line for line in lines if "imageFrameId" in line]
    assert len(frames) == local.frames
    summary = lines[-1]
    assert summary["event"] == "summary"
    assert summary["frames"] == local.frames and summary["imageSets"] == 4
    assert os.listdir(tmp_path) == []
    text = program.run("plan", *arguments)
    assert text.returncode == 0 and f"{local.frames} frames" in text.stdout
    dry = program.run("fetch", "--dry-run", *arguments, cwd=tmp_path)
    assert dry.returncode == 0 and dry.stdout == text.stdout
    assert os.listdir(tmp_path) == []


def test_json_of_fetch_is_the_manifest_and_a_summary(program, local, served, tmp_path):
    result = fetch(
        program, served.url, tmp_path, "--datastore", local.datastore, "--image-set", local["US"].image_set, "--json")
    assert result.returncode == 0, result.stderr
    lines = parse_lines(result.stdout)
    by_frame = {line["imageFrameId"]: line for line in read_manifest(tmp_path)}
    assert {line["imageFrameId"]: line for line in lines[:-1]} == by_frame
    assert lines[-1]["event"] == "summary"
    assert lines[-1]["exitStatus"] == 0 and lines[-1]["counts"]["verified"] == local["US"].frames


def test_the_same_seed_makes_the_same_pixels(program, local, served, tmp_path):
    store = tmp_path / "again"
    created = program.json_lines(
        "local", "synth", "--store", store, "--modality", "CT", "--frames", local["CT"].frames,
        "--size", f"{local['CT'].width}x{local['CT'].height}", "--seed", "7")
    line = next(line for line in created if "imageSetId" in line)
    checksums = []
    with LocalStore(program, store) as server:
        for url, datastore, image_set, name in [
            (server.url, line["datastoreId"], line["imageSetId"], "b"),
            (served.url, local.datastore, local["CT"].image_set, "a"),
        ]:
            result = fetch(
                program, url, tmp_path / name, "--datastore", datastore, "--image-set", image_set, "--format", "none")
            assert result.returncode == 0, result.stderr
            manifest = read_manifest(tmp_path / name)
            checksums.append(sorted(entry["crc32"] for entry in manifest))
    assert checksums[0] == checksums[1]
