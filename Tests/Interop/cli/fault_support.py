"""What the tests of faults share: a store, the truth about it, and a server that misbehaves."""

import json
import pathlib
import ssl
import urllib.request

from cli_support import LocalStore, output_files, read_manifest


class FaultyStore(LocalStore):
    """A running `hi-fetch local serve --faults SPEC`; `injected` is its log."""

    def __init__(self, program, study, spec, folder, *options):
        folder = pathlib.Path(folder)
        self.log = folder / "faults.jsonl"
        self.study = study
        super().__init__(program, study.store, "--faults", spec, "--faults-log", self.log, *options)

    @property
    def injected(self):
        """Every fault so far, in order."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def counts(self):
        context = None
        if self.ready["caCertificate"]:
            context = ssl.create_default_context(cafile=self.ready["caCertificate"])
        with urllib.request.urlopen(self.url + "/_faults", context=context) as answer:
            return json.load(answer)

    def hits(self, fault):
        """How often each frame met the fault."""
        frames = {}
        for entry in self.injected:
            if entry["fault"] == fault:
                frames[entry["frame"]] = frames.get(entry["frame"], 0) + 1
        return frames

    def arguments(self, output):
        trust = ["--ca-bundle", self.ready["caCertificate"]] if self.ready["caCertificate"] else []
        return [
            "fetch", "--endpoint-url", self.url, *trust, "--no-sign-request",
            "--datastore", self.study.datastore, "--all", "--output", output]

    def fetch(self, program, output, *options, **settings):
        return program.run(*self.arguments(output), *options, **settings)


class SmallStudy:
    """One synthetic CT study of small frames, and what a fetch without faults makes of it."""

    def __init__(self, program, folder, frames, size="64x64"):
        self.store = folder / "store"
        self.frames = frames
        lines = program.json_lines(
            "local", "synth", "--store", self.store, "--modality", "CT", "--frames", frames, "--size", size,
            "--seed", "11")
        created = next(line for line in lines if "imageSetId" in line)
        self.datastore, self.image_set = created["datastoreId"], created["imageSetId"]
        truth = folder / "truth"
        with LocalStore(program, self.store) as server:
            result = program.run(
                "fetch", "--endpoint-url", server.url, "--no-sign-request", "--datastore", self.datastore, "--all",
                "--output", truth)
        assert result.returncode == 0, result.stderr
        self.truth = {name: (truth / name).read_bytes() for name in output_files(truth)}
        assert len(self.truth) == frames


def frame_of(name):
    return name.rsplit("/", 1)[-1].split(".")[0]


def assert_nothing_wrong_on_disk(study, output, missing=()):
    """Every file is what it is without faults; all are there but those of the `missing` frames."""
    found = output_files(output)
    assert found == {name for name in study.truth if frame_of(name) not in set(missing)}
    for name in found:
        assert (pathlib.Path(output) / name).read_bytes() == study.truth[name], name


def assert_healed(study, result, output):
    """Exit status 0, every frame verified once, every byte right. Returns the manifest by frame, and the report."""
    assert result.returncode == 0, result.stderr
    assert_nothing_wrong_on_disk(study, output)
    lines = read_manifest(output)
    assert [line["status"] for line in lines] == ["verified"] * study.frames
    by_frame = {line["imageFrameId"]: line for line in lines}
    assert len(by_frame) == study.frames
    return by_frame, read_report(output)


def read_report(output):
    return json.loads((pathlib.Path(output) / "report.json").read_text())
