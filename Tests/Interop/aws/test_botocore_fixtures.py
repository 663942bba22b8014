"""The known answers in Tests/Fixtures are what botocore, as installed, says: made anew, they are the same.

The Swift tests hold our requests, answers, endpoints and signatures against these files. The scripts that make them fail
by themselves where a call of the HealthImaging model, or a member of its input, is left out.
"""
import gzip
import json
import pathlib
import subprocess
import sys

import botocore
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
TABLES = {
    "sigv4": ("sigv4-known-answers.py", ["headers", "operations", "paths", "queries", "s3", "services"]),
    "botocore": ("botocore-known-answers.py", ["endpoints", "enums", "requests", "responses"]),
}


def without_version(path):
    document = json.loads(path.read_text())
    assert document.pop("botocore")
    return document


@pytest.mark.parametrize("folder", sorted(TABLES))
def test_known_answers_are_those_of_the_installed_botocore(folder, tmp_path):
    script, names = TABLES[folder]
    subprocess.run([sys.executable, ROOT / "scripts" / script, tmp_path], check=True, stdout=subprocess.DEVNULL)
    committed = ROOT / "Tests" / "Fixtures" / folder
    assert sorted(path.stem for path in committed.glob("*.json")) == names
    for name in names:
        assert without_version(tmp_path / f"{name}.json") == without_version(committed / f"{name}.json"), (
            f"run scripts/{script} with the botocore of Tests/Interop/requirements.txt and look at the difference")


def test_every_operation_of_the_model_file_is_in_the_tables():
    data = pathlib.Path(botocore.__file__).parent / "data" / "medical-imaging" / "2023-07-19" / "service-2.json.gz"
    model = json.loads(gzip.decompress(data.read_bytes()))
    rows = json.loads((ROOT / "Tests" / "Fixtures" / "botocore" / "requests.json").read_text())["answers"]
    assert {row["operation"] for row in rows} == set(model["operations"])
    for row in rows:
        assert row["method"] == model["operations"][row["operation"]]["http"]["method"]
        prefix = model["operations"][row["operation"]].get("endpoint", {}).get("hostPrefix", "")
        assert row["url"].startswith(f"https://{prefix}medical-imaging.")
