"""The program under test, and what every suite knows of it."""

import os
import pathlib

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# No key of anybody's.
KEY = "AKIDEXAMPLE00000TEST"
SECRET = "wJalrXUtnFEMIEXAMPLESECRETthatMustNeverShow"
REGION = "us-east-1"
TEMPLATE = REPOSITORY / "Sources/ImagingWorkflow/Template/healthimaging.yaml"
# Files of others that tests use where they are present.
SHARED_DATA = pathlib.Path(os.environ.get("HI_FETCH_SHARED_DATA") or REPOSITORY.parent / "shared" / "data")


def binary():
    """The program under test: $HI_FETCH_BIN, or the newest build of this checkout."""
    named = os.environ.get("HI_FETCH_BIN")
    if named:
        return named
    built = [REPOSITORY / ".build" / kind / "hi-fetch" for kind in ("release", "debug")]
    built = [path for path in built if path.exists()]
    if not built:
        pytest.exit("build hi-fetch first, or name it in HI_FETCH_BIN", returncode=2)
    return str(max(built, key=lambda path: path.stat().st_mtime))
