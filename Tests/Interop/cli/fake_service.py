"""A HealthImaging service that gives the answers a well-behaved one never gives."""

import hashlib
import http.server
import json
import threading
import time
import zlib

DATASTORE = "d" * 32
IMAGE_SET = "a" * 32
FRAME_BYTES = 256


def frame_id(number):
    return hashlib.md5(str(number).encode()).hexdigest()


def frame_body(identifier):
    """The stored bytes of a frame: explicit VR little endian, so that no encoder is needed here."""
    return (identifier.encode() * FRAME_BYTES)[:FRAME_BYTES]


def metadata(frames, wrong_checksums=(), image_set=IMAGE_SET, identifiers=None):
    """GetImageSetMetadata JSON of one instance; its frames are kept as stored, checksums over the bytes."""
    listed = []
    for number in range(frames):
        identifier = identifiers[number] if identifiers else frame_id(number)
        checksum = zlib.crc32(frame_body(identifier))
        if number in wrong_checksums:
            checksum ^= 1
        listed.append({
            "ID": identifier,
            "PixelDataChecksumFromBaseToFullResolution": [{"Width": 16, "Height": 16, "Checksum": checksum}],
            "MinPixelValue": 0, "MaxPixelValue": 255, "FrameSizeInBytes": FRAME_BYTES,
        })
    instance = {
        "DICOM": {"SOPInstanceUID": "1.2.3.4", "InstanceNumber": "1"}, "DICOMVRs": {},
        "StoredTransferSyntaxUID": "1.2.840.10008.1.2.1", "ImageFrames": listed,
    }
    series = {"DICOM": {"SeriesInstanceUID": "1.2.3"}, "Instances": {"1.2.3.4": instance}}
    return {
        "SchemaVersion": "1.1", "DatastoreID": DATASTORE, "ImageSetID": image_set, "Patient": {"DICOM": {}},
        "Study": {"DICOM": {"StudyInstanceUID": "1.2"}, "Series": {"1.2.3": series}},
    }


class Answer:
    def __init__(self, status=200, body=b"", fields=None, cut_to=None, delay=0):
        self.status, self.body, self.fields = status, body, fields or {}
        self.cut_to = cut_to  # close the connection after so many bytes of the body
        self.delay = delay


def refuse(status, code, message="no"):
    """An error as rest-json services tell it."""
    return Answer(
        status, json.dumps({"message": message}).encode(),
        {"x-amzn-errortype": code, "Content-Type": "application/json"})


HTML = Answer(200, b"<!DOCTYPE html><html><body><h1>Log in</h1></body></html>", {"Content-Type": "text/html"})


class FakeService:
    """Serves `frames` frames; `overrides` maps an operation to an Answer, or to a function of the frame's id.

    Operations: datastores, search, imageSet, metadata, frame. `guard` sees each request's headers first, and may
    answer in the service's place.
    """

    def __init__(self, frames=4, document=None, guard=None, **overrides):
        self.document = document or metadata(frames)
        self.overrides = overrides
        self.requests = []
        self.release = threading.Event()  # what an answer with an endless delay waits for
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                answer = (guard and guard(self.headers)) or service.answer(self.path, body)
                if answer.delay:
                    service.release.wait(answer.delay)
                try:
                    self.send_response(answer.status)
                    for name, value in answer.fields.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body if answer.cut_to is None else answer.body[: answer.cut_to])
                    if answer.cut_to is not None:
                        self.close_connection = True
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_GET = do_POST = handle_one

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request, client_address):
                pass  # a client that hangs up is part of several tests

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, path, body):
        path = path.split("?")[0]
        operation = {
            "/datastore": "datastores", f"/datastore/{DATASTORE}/searchImageSets": "search",
        }.get(path) or {"getImageSetMetadata": "metadata", "getImageFrame": "frame", "getImageSet": "imageSet"}.get(
            path.rsplit("/", 1)[-1])
        identifier = None
        if operation == "frame":
            identifier = json.loads(body or b"{}").get("imageFrameId")
        self.requests.append((operation, identifier))
        override = self.overrides.get(operation)
        if callable(override):
            override = override(identifier)
        if override is not None:
            return override
        return self.regular(operation, identifier)

    def regular(self, operation, identifier):
        json_fields = {"Content-Type": "application/json"}
        if operation == "metadata":
            return Answer(200, json.dumps(self.document).encode(), json_fields)
        if operation == "frame":
            return Answer(200, frame_body(identifier), {"Content-Type": "application/octet-stream"})
        if operation == "datastores":
            summary = {"datastoreId": DATASTORE, "datastoreName": "odd", "datastoreStatus": "ACTIVE"}
            return Answer(200, json.dumps({"datastoreSummaries": [summary]}).encode(), json_fields)
        if operation == "search":
            found = {"imageSetId": IMAGE_SET, "version": 1, "DICOMTags": {}}
            return Answer(200, json.dumps({"imageSetsMetadataSummaries": [found]}).encode(), json_fields)
        if operation == "imageSet":
            properties = {
                "datastoreId": DATASTORE, "imageSetId": IMAGE_SET, "versionId": "1", "imageSetState": "ACTIVE"}
            return Answer(200, json.dumps(properties).encode(), json_fields)
        return refuse(404, "ResourceNotFoundException", "no such thing")

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, operation, count, seconds=60):
        """Waits until so many requests of that kind have come."""
        end = time.monotonic() + seconds
        while sum(1 for name, _ in list(self.requests) if name == operation) < count:
            assert time.monotonic() < end, f"fewer than {count} {operation} requests came"
            time.sleep(0.01)
