"""Passes a request on to an AWS behind a URL, as it came, and the answer back; bodies are streamed both ways."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any
from xml.sax.saxutils import escape

import aiohttp
from yarl import URL

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5
IDLE_SECONDS = 4  # less than any server waits, so that no request goes into a connection that is being closed
# https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1: what is about one connection and not about the message
HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
OURS = {b"expect", *HOP_BY_HOP}  # the gateway's server has answered 100-continue already
SERVERS = {b"date", b"server", *HOP_BY_HOP}  # the gateway's server adds its own
NOT_ADDED = frozenset({"User-Agent", "Accept", "Accept-Encoding", "Content-Type"})


class Forwarder:
    """An ASGI application for HTTP alone; use it as an async context manager.

    Path, query, headers and body go on unchanged, Host included: a signature is about them.

    Args:
        url: scheme, host and port of the AWS behind.
    """

    def __init__(self, url: str):
        self._url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Forwarder:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=NOT_ADDED,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._session is None:
            raise RuntimeError("the forwarder is not open")
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        headers = [(name, value) for name, value in scope["headers"] if name not in OURS]
        upload, answered = _Upload(receive), False
        try:
            async with self._session.request(
                scope["method"],
                URL(f"{self._url}{path}{'?' + query if query else ''}", encoded=True),
                headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers],
                data=upload if _has_body(dict(scope["headers"])) else None,
                allow_redirects=False,
            ) as answer:
                kept = [(name.lower(), value) for name, value in answer.raw_headers if name.lower() not in SERVERS]
                await send({"type": "http.response.start", "status": answer.status, "headers": kept})
                answered = True
                async for chunk in answer.content.iter_any():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if upload.cut_off:
                return
            if answered:  # the caller sees a body that ends too early, as when AWS's connection breaks
                raise
            log.warning("%s %s: the core at %s does not answer: %s", scope["method"], path, self._url, error)
            await _unavailable(scope, send, f"The AWS at {self._url} does not answer: {error}")


class _Upload:
    """The body of a request, part by part as it comes. `cut_off` is set when the client has gone before its end."""

    def __init__(self, receive: Any):
        self._receive = receive
        self.cut_off = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.cut_off = True
                raise ConnectionAbortedError("the client has gone")
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                return


def _has_body(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


async def _unavailable(scope: Any, send: Any, text: str) -> None:
    """AWS's ServiceUnavailable, which clients try again, in XML or in JSON as the request's protocol has it."""
    is_json = any(name == b"x-amz-target" or b"json" in value for name, value in scope["headers"])
    if is_json:
        body = b'{"__type":"ServiceUnavailable","message":"' + text.replace('"', "'").encode() + b'"}'
    else:
        body = f"<Error><Code>ServiceUnavailable</Code><Message>{escape(text)}</Message></Error>".encode()
    kind = b"application/json" if is_json else b"application/xml"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
