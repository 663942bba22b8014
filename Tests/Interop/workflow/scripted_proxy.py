"""A proxy in front of the local data store that answers chosen operations itself: refusals, failures, delays."""

import http.client
import http.server
import json
import re
import threading
import urllib.parse
from xml.sax.saxutils import escape


def operation_of(method, path, query, body):
    """The name of the operation that a request calls, as far as the workflow calls it."""
    if body.startswith(b"Action=") or b"&Action=" in body:
        return urllib.parse.parse_qs(body.decode())["Action"][0]
    patterns = [
        ("StartDICOMImportJob", r"/startDICOMImportJob/"), ("GetDICOMImportJob", r"/getDICOMImportJob/"),
        ("SearchImageSets", r"/searchImageSets$"), ("DeleteImageSet", r"/deleteImageSet$"),
        ("GetImageSetMetadata", r"/getImageSetMetadata$"), ("GetImageSet", r"/getImageSet$"),
        ("GetImageFrame", r"/getImageFrame$"), ("GetDatastore", r"^/datastore/[^/]+$"),
        ("ListDatastores", r"^/datastore$"),
    ]
    for name, pattern in patterns:
        if re.search(pattern, path):
            return name
    is_bucket = path.strip("/").count("/") == 0
    if method == "PUT":
        return "CreateBucket" if is_bucket else "CopyObject"
    if method == "POST" and "delete" in query:
        return "DeleteObjects"
    if method == "GET":
        if "versions" in query:
            return "ListObjectVersions"
        return "ListObjectsV2" if is_bucket else "GetObject"
    return method


class Answer:
    def __init__(self, status, body, fields=None, times=None):
        self.status, self.body, self.fields, self.times = status, body, fields or {}, times


class ScriptedProxy:
    """`proxy.deny("CopyObject")`, `proxy.answer(...)`, `proxy.change("GetDICOMImportJob", function)`."""

    def __init__(self, upstream):
        self.upstream = urllib.parse.urlsplit(upstream)
        self.answers, self.changes, self.calls = {}, {}, []
        self.lock = threading.Lock()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, fields, answer = proxy.serve(self.command, self.path, self.headers, body)
                self.send_response(status)
                for name, value in fields:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    # Scripts

    def answer(self, operation, status, body, fields=None, times=None, where=None):
        """Answers `operation` (of paths that contain `where`) with this, the first `times` times or always."""
        self.answers[operation] = (Answer(status, body, fields, times), where)

    def deny(self, operation):
        """No permission, in the words of the operation's protocol."""
        message = f"User: arn:aws:iam::123456789012:user/test is not authorized to perform: {operation}"
        if operation in ("CreateStack", "DescribeStacks", "DeleteStack", "GetCallerIdentity", "DescribeStackEvents"):
            self.answer(operation, 403, query_error("AccessDenied", message), {"Content-Type": "text/xml"})
        elif operation in ("CopyObject", "ListObjectsV2", "GetObject", "ListObjectVersions", "DeleteObjects"):
            self.answer(operation, 403, s3_error("AccessDenied", message), {"Content-Type": "application/xml"})
        else:
            self.answer(
                operation, 403, json.dumps({"message": message}).encode(),
                {"Content-Type": "application/json", "x-amzn-errortype": "AccessDeniedException"})

    def change(self, operation, function):
        """Lets `function` change the body of what the data store answers with."""
        self.changes[operation] = function

    def allow_all(self):
        self.answers, self.changes = {}, {}

    # Serving

    def serve(self, method, target, fields, body):
        path, _, query = target.partition("?")
        names = set(urllib.parse.parse_qs(query, keep_blank_values=True))
        operation = operation_of(method, urllib.parse.unquote(path), names, body)
        with self.lock:
            self.calls.append(operation)
            scripted, where = self.answers.get(operation, (None, None))
            if scripted and where and where not in urllib.parse.unquote(path):
                scripted = None
            if scripted and scripted.times is not None:
                scripted.times -= 1
                if scripted.times < 0:
                    scripted = None
        if scripted:
            return scripted.status, list(scripted.fields.items()), scripted.body
        connection = http.client.HTTPConnection(self.upstream.hostname, self.upstream.port, timeout=60)
        try:
            kept = {name: value for name, value in fields.items()
                    if name.lower() not in ("connection", "content-length", "expect", "transfer-encoding")}
            connection.request(method, target, body=body, headers=kept)
            response = connection.getresponse()
            answer = response.read()
            change = self.changes.get(operation)
            if change and response.status < 300:
                answer = change(answer)
            passed = [(name, value) for name, value in response.getheaders()
                      if name.lower() not in ("connection", "content-length", "transfer-encoding", "date", "server")]
            return response.status, passed, answer
        finally:
            connection.close()


def query_error(code, message):
    return (
        f'<ErrorResponse xmlns="http://example.com/"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>r</RequestId></ErrorResponse>").encode()


def s3_error(code, message):
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>".encode()


def rolled_back(stack_name, resource, kind, reason):
    """DescribeStacks and DescribeStackEvents of a stack that was rolled back."""
    arn = f"arn:aws:cloudformation:us-east-1:123456789012:stack/{stack_name}/1"
    stack = (
        f"<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>{stack_name}</StackName>"
        f"<StackId>{arn}</StackId><StackStatus>ROLLBACK_COMPLETE</StackStatus>"
        "<CreationTime>2026-01-01T00:00:00Z</CreationTime></member></Stacks></DescribeStacksResult>"
        "</DescribeStacksResponse>")

    def event(number, logical, type_, status, why):
        reason_text = f"<ResourceStatusReason>{escape(why)}</ResourceStatusReason>" if why else ""
        physical = arn if type_ == "AWS::CloudFormation::Stack" else ""
        return (
            f"<member><EventId>e{number}</EventId><StackId>{arn}</StackId><StackName>{stack_name}</StackName>"
            f"<LogicalResourceId>{logical}</LogicalResourceId><PhysicalResourceId>{physical}</PhysicalResourceId>"
            f"<ResourceType>{type_}</ResourceType><ResourceStatus>{status}</ResourceStatus>{reason_text}"
            f"<Timestamp>2026-01-01T00:00:0{number}Z</Timestamp></member>")

    newest_first = "".join([
        event(4, stack_name, "AWS::CloudFormation::Stack", "ROLLBACK_COMPLETE", ""),
        event(3, "Other", "AWS::IAM::Role", "CREATE_FAILED", "Resource creation cancelled"),
        event(2, resource, kind, "CREATE_FAILED", reason),
        event(1, stack_name, "AWS::CloudFormation::Stack", "CREATE_IN_PROGRESS", "User Initiated"),
    ])
    events = (
        "<DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents>"
        f"{newest_first}</StackEvents></DescribeStackEventsResult></DescribeStackEventsResponse>")
    return stack.encode(), events.encode()
