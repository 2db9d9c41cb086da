"""A load generator: sends ride events over HTTP at a rate, and counts what was sent, is in flight, landed or failed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

from lakelab.pipeline.rides import Ride

SENDERS = 8
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
TIMEOUT_SECONDS = 30.0
GIVE_UP_SECONDS = 120.0


@dataclass
class Sent:
    """What became of the events: `accepted` and `refused` are the ids; `again` counts events that were sent again.

    An event that was sent again may be in the stream twice, where the answer to the first got lost.
    """

    accepted: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    again: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def line(self, landed: int | None = None) -> str:
        """How far it is, in one line."""
        sent = len(self.accepted) + len(self.refused) + len(self.failed)
        parts = [f"sent {sent:,}"]
        if landed is not None:
            parts += [f"in flight {max(0, len(self.accepted) - landed):,}", f"landed {landed:,}"]
        return " · ".join([*parts, f"refused {len(self.refused):,}", f"failed {len(self.failed):,}"])


def send(
    url: str,
    rides: Iterable[Ride],
    *,
    rate: float | None = None,
    senders: int = SENDERS,
    progress: Callable[[Sent], None] = lambda sent: None,
) -> Sent:
    """POST each event to `url`, at most `rate` a second, and send it again until it has an answer of its own.

    A connection that breaks, 429 and every 5xx are reasons to send the same event again, for up to two minutes. Events
    of one driver may overtake each other, as they do when several apps send them.
    """
    sent = Sent()
    began = time.monotonic()
    with ThreadPoolExecutor(senders) as pool:
        sessions = threading.local()
        for _ in _in_order(pool, (_Job(url, ride, sent, sessions) for ride in _paced(rides, rate)), senders * 4):
            progress(sent)
    sent.seconds = time.monotonic() - began
    return sent


@dataclass(frozen=True)
class _Job:
    url: str
    ride: Ride
    sent: Sent
    sessions: threading.local

    def __call__(self) -> None:
        deadline = time.monotonic() + GIVE_UP_SECONDS
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            status, text = self._post()
            with self.sent._lock:
                self.sent.statuses[status] += 1
                if status == 202:
                    self.sent.accepted.add(self.ride.id)
                    self.sent.latencies.append(time.monotonic() - began)
                    return
                if 400 <= status < 500 and status != 429:
                    self.sent.refused[self.ride.id] = text
                    return
                if time.monotonic() > deadline:
                    self.sent.failed[self.ride.id] = f"{status}: {text}"
                    return
                self.sent.again.add(self.ride.id)
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _post(self) -> tuple[int, str]:
        """The status and the text of one attempt; 0 when there is no answer."""
        session: requests.Session | None = getattr(self.sessions, "session", None)
        if session is None:
            session = self.sessions.session = requests.Session()
            session.trust_env = False
        try:
            answer = session.post(
                self.url, self.ride.body, headers={"content-type": "application/json"}, timeout=TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            return 0, type(error).__name__
        return answer.status_code, answer.text


def _paced(rides: Iterable[Ride], rate: float | None) -> Iterator[Ride]:
    began = time.monotonic()
    for number, ride in enumerate(rides):
        if rate:
            ahead = began + number / rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
        yield ride


def _in_order(pool: ThreadPoolExecutor, jobs: Iterable[Callable[[], None]], limit: int) -> Iterator[None]:
    """Run jobs with at most `limit` of them waiting; yields once for each that is done."""
    free = threading.BoundedSemaphore(limit)
    pending = []
    for job in jobs:
        free.acquire()
        future = pool.submit(job)
        future.add_done_callback(lambda _: free.release())
        pending.append(future)
        while pending and pending[0].done():
            yield pending.pop(0).result()
    for future in pending:
        yield future.result()
