"""Passing requests on: what arrives at the AWS behind is what the client sent, and the answer comes back as it was."""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lakelab.cloud.core.forward import Forwarder
from lakelab.processes import free_port


class Behind(http.server.BaseHTTPRequestHandler):
    """An AWS that keeps what it was sent and answers as it is told."""

    protocol_version = "HTTP/1.1"
    seen: dict[str, Any] = {}
    answer: tuple[int, dict[str, str], bytes] = (200, {}, b"")

    def _any(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(self._chunks())
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        Behind.seen = {"line": self.requestline, "headers": self.headers.items(), "body": body}
        status, headers, data = self.answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _any

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, *_: Any) -> None:
        """Nothing on standard error."""


@pytest.fixture
def url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


Sent = tuple[int, dict[bytes, bytes], bytes, int]


def ask(
    url: str,
    method: str = "GET",
    path: str = "/",
    query: str = "",
    headers: dict[str, str] | None = None,
    body: list[bytes] | None = None,
    receive: Callable[[], Any] | None = None,
) -> Sent:
    """Status, headers, body and the number of parts that the body came in."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in body or []]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[dict[str, Any]] = []

    async def given() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def run() -> None:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        }
        async with Forwarder(url) as forward:
            await forward(scope, receive or given, send)

    asyncio.run(run())
    parts = [message["body"] for message in sent[1:] if message["body"]]
    return sent[0]["status"] if sent else 0, dict(sent[0]["headers"]) if sent else {}, b"".join(parts), len(parts)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        pytest.param("/bucket/a%20b%2Fc+d", "", id="escapes stay as they are"),
        pytest.param("/bucket/key//with//slashes", "", id="slashes stay"),
        pytest.param("/bucket/../key", "", id="dots stay"),
        pytest.param("/bucket", "list-type=2&prefix=a%2Fb&marker=", id="query"),
        pytest.param("/bucket", "acl", id="query without a value"),
    ],
)
def test_path_and_query_go_on_as_they_were_signed(url: str, path: str, query: str):
    ask(url, path=path, query=query)
    assert Behind.seen["line"] == f"GET {path}{'?' + query if query else ''} HTTP/1.1"


def test_headers_go_on_but_those_of_the_connection(url: str):
    signed = {
        "Host": "lake.s3.localhost:4566",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/s3/aws4_request",
        "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD",
    }
    ask(url, headers={**signed, "Connection": "keep-alive", "Expect": "100-continue"})
    arrived = {name.lower(): value for name, value in Behind.seen["headers"]}
    assert arrived == {name.lower(): value for name, value in signed.items()}


@pytest.mark.parametrize("length", [pytest.param(True, id="known length"), pytest.param(False, id="chunked")])
def test_a_body_goes_on_in_parts(url: str, length: bool):
    parts = [b"a" * 100_000, b"b" * 100_000, b"c"]
    headers = {"Content-Length": "200001"} if length else {"Transfer-Encoding": "chunked"}
    ask(url, "PUT", headers=headers, body=parts)
    assert Behind.seen["body"] == b"".join(parts)


def test_an_answer_comes_back_as_it_was(url: str, monkeypatch: pytest.MonkeyPatch):
    data = b"\x1f\x8b not really gzip" * 100_000
    headers = {"ETag": '"abc"', "Content-Encoding": "gzip", "x-amz-meta-A": "1"}
    monkeypatch.setattr(Behind, "answer", (206, headers, data))
    status, answered, body, parts = ask(url)
    assert (status, body) == (206, data)
    assert parts > 1  # it was streamed
    assert answered[b"etag"] == b'"abc"'
    assert answered[b"content-encoding"] == b"gzip"
    assert answered[b"x-amz-meta-a"] == b"1"
    assert b"server" not in answered  # uvicorn gives its own


def test_a_redirect_is_the_clients_to_follow(url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Behind, "answer", (307, {"Location": "http://elsewhere/"}, b""))
    status, answered, _, _ = ask(url)
    assert (status, answered[b"location"]) == (307, b"http://elsewhere/")


def test_a_head_keeps_the_length_of_the_body_that_it_has_not(url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Behind, "answer", (200, {"Content-Length": "5000000"}, b""))
    status, answered, body, _ = ask(url, "HEAD")
    assert (status, answered[b"content-length"], body) == (200, b"5000000", b"")


@pytest.mark.parametrize(
    ("headers", "beginning"),
    [
        pytest.param({"X-Amz-Target": "AmazonSQS.ListQueues"}, b'{"__type":"ServiceUnavailable"', id="JSON"),
        pytest.param({}, b"<Error><Code>ServiceUnavailable</Code>", id="XML"),
    ],
)
def test_an_aws_that_is_gone_is_unavailable(headers: dict[str, str], beginning: bytes):
    status, _, body, _ = ask(f"http://127.0.0.1:{free_port()}", headers=headers)
    assert status == 503
    assert body.startswith(beginning)


def test_a_client_that_goes_away_ends_its_request(url: str):
    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    assert ask(url, "PUT", headers={"Content-Length": "10"}, receive=gone)[0] == 0
