"""A plain boto3 program walks the whole scenario against `hi-fetch local serve`, signed, over HTTP and TLS."""

import json
import pathlib
import subprocess
import sys

import pytest

from built_program import KEY, REGION, TEMPLATE, SECRET
from server_support import clean_environment

PROGRAM = pathlib.Path(__file__).with_name("seven_steps.py")
CHEST = "00029d25-fb18-4d42-aaa5-a0897d1ac8f7"
PELVIS = "00025d30-ef8f-4135-a35a-d83eff264fc1"
HEAD = "0002d261-8a5d-4e63-8e2e-0cbfac87b904"
BREAST = "0002dd07-0b7f-4a68-a655-44461ca34096"


def walk(server, *arguments):
    result = subprocess.run(
        [sys.executable, str(PROGRAM), *map(str, arguments)],
        env=clean_environment(
            AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_DEFAULT_REGION=REGION,
            AWS_ENDPOINT_URL=server.url,
            **({"AWS_CA_BUNDLE": server.certificate} if server.certificate else {})),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def check(found, instances):
    assert found["copied"] == found["frames"] == found["verified"] == instances
    summary = found["summary"]
    assert summary["numberOfScannedFiles"] == summary["numberOfImportedFiles"] == instances
    assert summary["numberOfFilesWithCustomerError"] == summary["numberOfFilesWithServerError"] == 0
    assert [each["numberOfMatchedSOPInstances"] for each in summary["imageSetsSummary"]] == [instances]
    assert len(found["imageSets"]) == found["deleted"] == 1


@pytest.mark.parametrize("how", ["single calls", "stack"])
def test_the_chest_from_the_first_step_to_the_last(server, how):
    found = walk(server, CHEST, *(["--template", TEMPLATE] if how == "stack" else []))
    check(found, 2)
    assert (found["slopes"], found["intercepts"]) == (["1"], ["-1024"])


@pytest.mark.parametrize(("folder", "instances"), [(PELVIS, 57), (HEAD, 192), (BREAST, 92)])
def test_the_larger_studies(tls_server, folder, instances):
    check(walk(tls_server, folder), instances)
