"""Doubles of everything that gives AWS credentials, and a HealthImaging that checks who signed."""

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
import urllib.parse

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"
FAR = "2099-01-01T00:00:00Z"
# In every secret and token here, so that one search finds whatever leaks.
MARK = "MustNeverShow"


class Keys:
    """The credentials of one place, told by the access key id."""

    def __init__(self, name, token=True):
        self.key = f"AKID{name.upper()}"
        self.secret = f"{MARK}secret+of/{name}="
        self.token = f"{MARK}token+of/{name}==" if token else None

    def metadata(self, expires=FAR):
        return json.dumps({
            "Code": "Success", "AccessKeyId": self.key, "SecretAccessKey": self.secret, "Token": self.token,
            "Expiration": expires})

    def process(self, expires=FAR):
        return json.dumps({
            "Version": 1, "AccessKeyId": self.key, "SecretAccessKey": self.secret, "SessionToken": self.token,
            "Expiration": expires})

    def role(self, action, expires=FAR):
        return (
            f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><Credentials>'
            f"<AccessKeyId>{self.key}</AccessKeyId><SecretAccessKey>{self.secret}</SecretAccessKey>"
            f"<SessionToken>{self.token}</SessionToken><Expiration>{expires}</Expiration></Credentials>"
            f"<AssumedRoleUser><AssumedRoleId>A:s</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/r/s</Arn></AssumedRoleUser>"
            f"</{action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>")

    def single_sign_on(self):
        return json.dumps({"roleCredentials": {
            "accessKeyId": self.key, "secretAccessKey": self.secret, "sessionToken": self.token,
            "expiration": 4070908800000}})


class Request:
    def __init__(self, handler, body):
        self.method, self.path, self.fields, self.body = handler.command, handler.path, handler.headers, body

    @property
    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def signer(self):
        """The access key id that the request is signed with; None where it is not signed."""
        authorization = self.fields.get("Authorization", "")
        return authorization.split("Credential=")[1].split("/")[0] if "Credential=" in authorization else None


class Double:
    """Answers each request with what `answer` makes of it: (status, body), or a body for 200."""

    def __init__(self, answer):
        self.requests = []
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(self, body)
                double.requests.append(request)
                answered = answer(request)
                status, text = answered if isinstance(answered, tuple) else (200, answered)
                content = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json" if text.startswith("{") else "text/plain")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST = serve

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def is_signed_by(keys, request, service, url):
    """Whether botocore, given these keys, signs the request as it is signed."""
    sent = request.fields
    if sent.get("X-Amz-Security-Token") != keys.token or request.signer != keys.key:
        return False
    signed = sent["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    if "x-amz-security-token" not in signed and keys.token:
        return False
    again = AWSRequest(
        request.method, url + request.path, data=request.body,
        headers={name: sent[name] for name in signed if name not in ("host", "x-amz-date", "x-amz-security-token")})
    again.context["timestamp"] = sent["X-Amz-Date"]
    auth = SigV4Auth(Credentials(keys.key, keys.secret, keys.token), service, sent["Authorization"].split("/")[2])
    again.headers["X-Amz-Date"] = sent["X-Amz-Date"]
    if keys.token:
        again.headers["X-Amz-Security-Token"] = keys.token
    text = auth.string_to_sign(again, auth.canonical_request(again))
    return sent["Authorization"].endswith(f"Signature={auth.signature(text, again)}")


class HealthImaging(Double):
    """Lists one data store to whoever signs with the right keys, and says who did."""

    def __init__(self, keys):
        def answer(request):
            if not is_signed_by(keys, request, "medical-imaging", self.url):
                return 403, json.dumps({"__type": "UnrecognizedClientException", "message": "not these keys"})
            return json.dumps({"datastoreSummaries": [{
                "datastoreId": "d" * 32, "datastoreName": "one", "datastoreStatus": "ACTIVE"}]})

        super().__init__(answer)


BOTOCORE = """
import botocore.session, json, sys
found = botocore.session.Session(profile=sys.argv[1] if len(sys.argv) > 1 else None).get_credentials()
print(json.dumps(found and found.get_frozen_credentials()[:3]))
"""


def botocore_finds(environment, profile=None):
    """What botocore resolves in the same environment: (key, secret, token)."""
    result = subprocess.run(
        [sys.executable, "-c", BOTOCORE, *([profile] if profile else [])], env=environment, capture_output=True,
        text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return tuple(json.loads(result.stdout) or ())


class Home:
    """A home folder with the two files of the AWS tools."""

    def __init__(self, path):
        self.path = path
        (path / ".aws").mkdir(parents=True)

    def write(self, config="", credentials=""):
        (self.path / ".aws" / "config").write_text(config)
        (self.path / ".aws" / "credentials").write_text(credentials)

    def sign_in(self, name, **members):
        """The token file that `aws sso login` writes for a session or a start URL."""
        folder = self.path / ".aws" / "sso" / "cache"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{hashlib.sha1(name.encode()).hexdigest()}.json"
        path.write_text(json.dumps({
            "startUrl": "https://example.awsapps.com/start", "region": REGION, "expiresAt": FAR, **members}))
        return path


def script(folder, body, name="keys.sh"):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    os.chmod(path, 0o755)
    return path
