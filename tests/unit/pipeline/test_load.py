"""The load generator, against a server that refuses, throttles and breaks off."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lakelab.pipeline import load
from lakelab.pipeline.rides import Ride


class Api(BaseHTTPRequestHandler):
    """Answers as the body says; a body that says several things gets them one after the other."""

    seen: Counter[str] = Counter()
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        ride = json.loads(self.rfile.read(int(self.headers["content-length"])))
        turn = self.seen[ride["id"]]
        self.seen[ride["id"]] += 1
        status = ride["answers"][min(turn, len(ride["answers"]) - 1)]
        if status == 0:
            self.close_connection = True
            return
        body = b'{"reason": "no"}'
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Api.seen.clear()
    yield f"http://127.0.0.1:{server.server_port}/rides"
    server.shutdown()
    server.server_close()


def ride(number: int, *answers: int) -> Ride:
    return Ride(f"r-{number}", "good", json.dumps({"id": f"r-{number}", "answers": answers}).encode())


def test_each_event_ends_where_its_answer_says(url: str):
    seen: list[int] = []
    rides = [ride(0, 202), ride(1, 400), ride(2, 503, 202), ride(3, 429, 202), ride(4, 0, 202)]
    sent = load.send(url, rides, progress=lambda so_far: seen.append(len(so_far.accepted)))
    assert sent.accepted == {"r-0", "r-2", "r-3", "r-4"}
    assert sent.refused == {"r-1": '{"reason": "no"}'}
    assert sent.again == {"r-2", "r-3", "r-4"}
    assert sent.failed == {}
    assert len(seen) == 5
    assert sent.line(landed=3) == "sent 5 · in flight 1 · landed 3 · refused 1 · failed 0"


def test_an_event_that_nobody_takes_fails_in_the_end(url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(load, "GIVE_UP_SECONDS", 0.2)
    sent = load.send(url, [ride(0, 500)])
    assert sent.failed == {"r-0": '500: {"reason": "no"}'}


def test_the_rate_is_kept(url: str):
    sent = load.send(url, [ride(number, 202) for number in range(20)], rate=50)
    assert 0.35 < sent.seconds < 5
