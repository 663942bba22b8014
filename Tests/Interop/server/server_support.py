"""What the tests of the local data store's server share: the built program, its server, clients for it."""

import json
import os
import signal
import subprocess
import time

import pytest
from built_program import KEY, REGION, SECRET, binary


def clean_environment(**extra):
    """The environment without any AWS setting of the machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **kept, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true", **extra}


def synthesize(store, modality="CT", frames=3, seed=1):
    """Makes one synthetic image set and returns its (datastoreId, imageSetId)."""
    result = subprocess.run(
        [binary(), "local", "synth", "--store", str(store), "--modality", modality, "--frames", str(frames),
         "--size", "64x64", "--seed", str(seed), "--json"],
        env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    created = [line for line in lines if "imageSetId" in line]
    assert len(created) == 1
    return created[0]["datastoreId"], created[0]["imageSetId"]


class Server:
    """A running `hi-fetch local serve`."""

    def __init__(self, store, *options, port=0):
        self.process = subprocess.Popen(
            [binary(), "local", "serve", "--store", str(store), "--port", str(port), "--json", *options],
            env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the server did not start: {self.process.communicate()[1]}")
        self.ready = json.loads(line)
        assert self.ready["event"] == "ready"
        self.url = self.ready["url"]
        self.port = int(self.url.rsplit(":", 1)[1])
        self.certificate = self.ready.get("caCertificate")

    def client(self, key=KEY, secret=SECRET, token=None, signed=True, region=REGION, service="medical-imaging"):
        """A boto3 client of this server, without retries."""
        import boto3
        import botocore
        from botocore.config import Config

        unsigned = {} if signed else {"signature_version": botocore.UNSIGNED}
        return boto3.session.Session(
            aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, region_name=region,
        ).client(
            service, endpoint_url=self.url, verify=self.certificate or True,
            config=Config(
                inject_host_prefix=False, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"},
                **unsigned))

    def kill(self):
        """What a power cut or the kernel's out-of-memory killer does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def stop(self):
        """What Ctrl-C does; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()


def error_of(call):
    """The (status, code) that a boto3 call ends with."""
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def wait_until(condition, what, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen in {seconds} s"
        time.sleep(0.01)
