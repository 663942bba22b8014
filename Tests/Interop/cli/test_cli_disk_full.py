"""A disk that is too small or becomes full: nothing half-written, exit status 74, and the run can go on."""

import subprocess

import pytest
from cli_support import error_lines, output_files, read_manifest
from fake_service import DATASTORE, IMAGE_SET, FakeService


@pytest.fixture
def volume(tmp_path):
    """A file system of 512 KiB; `volume.grow()` makes it 64 MiB."""
    place = tmp_path / "volume"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k,nr_inodes=100k", "tmpfs", place], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"NO FULL DISK WAS TESTED: mounting a small tmpfs was refused ({mounted.stderr.strip()})")

    class Volume:
        path = place

        @staticmethod
        def grow():
            subprocess.run(["mount", "-o", "remount,size=64m", place], check=True)

    yield Volume
    subprocess.run(["umount", "--lazy", place], check=True)


def arguments(service, output, *options):
    return [
        "fetch", "--endpoint-url", service.url, "--no-sign-request", "--datastore", DATASTORE,
        "--image-set", IMAGE_SET, "--output", output, *options]


def test_a_disk_that_becomes_full_is_74_and_resumable(program, volume):
    with FakeService(frames=500) as service:
        result = program.run(*arguments(service, volume.path))
        assert result.returncode == 74, result.stderr
        assert len(error_lines(result)) == 1 and "free some space" in error_lines(result)[0]
        assert "hi-fetch: warning: the frames may need 2.0 MB" in result.stderr, "their sizes are only hinted at"
        kept = {line["file"] for line in read_manifest(volume.path) if line["status"] == "verified"}
        assert 20 < len(kept) < 500
        assert output_files(volume.path) == kept, "nothing half-written, nothing without a record"
        assert program.run("verify", volume.path).returncode == 0
        volume.grow()
        before = len(service.requests)
        result = program.run(*arguments(service, volume.path))
        assert result.returncode == 0, result.stderr
        asked = sum(1 for name, _ in service.requests[before:] if name == "frame")
        assert asked == 500 - len(kept)
    assert len(output_files(volume.path)) == 500
    assert program.run("verify", volume.path).returncode == 0


def fetch_pixels(program, local, served, output, *options):
    return program.run(
        "fetch", "--endpoint-url", served.url, "--no-sign-request", "--datastore", local.datastore,
        "--image-set", local["CT"].image_set, "--output", output, *options)


def test_pixels_that_cannot_fit_are_not_begun(program, local, served, volume):
    study = local["CT"]
    assert study.frames * study.width * study.height * 2 > 512 << 10, "the study is larger than the disk"
    result = fetch_pixels(program, local, served, volume.path)
    assert result.returncode == 74, result.stderr
    assert "need 0.5 MB" in error_lines(result)[0] and str(volume.path) in error_lines(result)[0]
    assert output_files(volume.path) == set()
    volume.grow()
    assert fetch_pixels(program, local, served, volume.path).returncode == 0


def test_files_that_are_replaced_need_no_room_of_their_own(program, local, served, volume):
    volume.grow()
    assert fetch_pixels(program, local, served, volume.path).returncode == 0
    with open(volume.path / "filler", "wb") as filler:
        used = subprocess.run(["df", "--output=avail", "-B1", volume.path], capture_output=True, text=True)
        filler.write(bytes(int(used.stdout.split()[-1]) - (300 << 10)))
    result = fetch_pixels(program, local, served, volume.path, "--no-resume")
    assert result.returncode == 0, result.stderr
