"""A real nginx in front of the local data store: TLS, HTTP/1.1 and HTTP/2, to be restarted and stopped."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

NGINX = "/usr/sbin/nginx"


def require_nginx():
    if not os.access(NGINX, os.X_OK):
        pytest.skip(f"NO {NGINX} (Debian package nginx-light): restarts of a real server not tested")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    """nginx on a port of its own, with a certificate authority made for the test; passes everything on to `target`."""

    def __init__(self, folder, target):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.authority = self.folder / "ca.pem"
        self.process = None
        self._make_certificates()
        # As root, the workers would give up the right to read this folder.
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(f"""
            {user} daemon off; worker_processes 2; pid nginx.pid; error_log error.log warn;
            events {{ worker_connections 1024; }}
            http {{
              access_log off; client_body_temp_path tmp1; proxy_temp_path tmp2; fastcgi_temp_path tmp3;
              uwsgi_temp_path tmp4; scgi_temp_path tmp5; keepalive_requests 500;
              upstream store {{ server {target.removeprefix("http://")}; keepalive 64; }}
              server {{
                listen 127.0.0.1:{self.port} ssl http2; ssl_certificate server.pem; ssl_certificate_key server.key;
                location / {{
                  proxy_pass http://store; proxy_http_version 1.1; proxy_set_header Connection "";
                }}
              }}
            }}""")

    def start(self):
        self.process = subprocess.Popen(
            [NGINX, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(1000):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return
            except OSError:
                assert self.process.poll() is None, self.process.stderr.read()
                time.sleep(0.01)
        raise AssertionError("nginx does not listen")

    def reload(self):
        """New workers; the old ones finish what they have, then close (HTTP/2: GOAWAY)."""
        self.process.send_signal(signal.SIGHUP)

    def kill_a_worker(self):
        """What the kernel's out-of-memory killer does; the master starts another one."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)

    def stop(self):
        """Ends it with every connection."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=60)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def _make_certificates(self):
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self._openssl(
            "req", "-x509", *curve, "-days", "2", "-subj", "/CN=hi-fetch test CA", "-keyout", "ca.key", "-out", "ca.pem")
        self._openssl("req", *curve, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr")
        (self.folder / "extensions").write_text("subjectAltName=IP:127.0.0.1")
        self._openssl(
            "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "extensions", "-out", "server.pem")

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
