"""The ride events of the deployed layer stream: sent over HTTP, and followed until each has its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from botocore.exceptions import BotoCoreError, ClientError

from lakelab.cloud.environment import client
from lakelab.errors import LakelabError
from lakelab.pipeline import athena, load, rides
from lakelab.pipeline.deployment import Stacks
from lakelab.settings import Settings

LOOK_SECONDS = 1.0
LAND_SECONDS = 180.0
# one that somebody looks at just now is there nevertheless
WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
COUNT = "select count(distinct ride_id) as rides, count(*) as events from rides where ride_id like 'r-{seed}-%'"


class NotLanded(LakelabError):
    """Events were accepted and are neither in the table nor in the on-failure queue."""


@dataclass(frozen=True)
class Landed:
    """Where the accepted events are: in the table (each ride once, and all events), or given up.

    The rides are those of one seed; given up are those of all.
    """

    rides: int
    events: int
    parked: int


@dataclass(frozen=True)
class Outcome:
    """What was sent, and where it is: accepted = landed.rides + new_parked."""

    sent: load.Sent
    before: Landed
    landed: Landed

    @property
    def new_parked(self) -> int:
        return self.landed.parked - self.before.parked


class RideFeed:
    """The deployed stack `stream-<target>`."""

    def __init__(self, config: Settings, target: str = "local"):
        self._config = config
        self._stacks = Stacks(config, target)

    @cached_property
    def url(self) -> str:
        """Where events are posted. An API's own host name does not resolve here, so the path says which API it is."""
        api = self._stacks.output("stream", "api_id")
        return f"{self._config.endpoint}/_aws/execute-api/{api}/$default/rides"

    def landed(self, seed: int) -> Landed:
        """What has landed by now, counted by Athena and by the on-failure queue."""
        output = self._stacks.output
        found = athena.run(
            client(self._config, "athena"),
            COUNT.format(seed=seed),
            database=output("catalog", "database"),
            workgroup=output("query", "workgroup"),
        )
        [[count, events]] = found.rows
        queue = client(self._config, "sqs").get_queue_attributes(
            QueueUrl=output("stream", "failed_queue_url"), AttributeNames=list(WAITING)
        )["Attributes"]
        return Landed(int(count or 0), int(events or 0), sum(int(queue[name]) for name in WAITING))

    def send(
        self,
        count: int,
        *,
        seed: int,
        rate: float | None = None,
        malformed: float = 0.0,
        poison: float = 0.0,
        say: Callable[[str], None] = lambda line: None,
    ) -> Outcome:
        """Send `count` events and wait until each accepted one is in the table or in the on-failure queue.

        Args:
            rate: events a second, at most.
            say: told a line about how far it is, about once a second.

        Raises:
            NotLanded: some were not within three minutes after the last was sent.
        """
        before = self.landed(seed)
        sent = load.Sent()
        followed = _Followed(lambda: self.landed(seed), before)
        followed.start()

        def progress(so_far: load.Sent) -> None:
            nonlocal sent
            sent = so_far
            say(so_far.line(followed.count))

        try:
            events = rides.generate(count, seed=seed, malformed=malformed, poison=poison)
            sent = load.send(self.url, events, rate=rate, progress=progress)
            deadline = time.monotonic() + LAND_SECONDS
            while followed.count < len(sent.accepted):
                say(sent.line(followed.count))
                if time.monotonic() > deadline:
                    raise NotLanded(
                        f"{len(sent.accepted) - followed.count} accepted events have not landed"
                        + (f"; the last look failed: {followed.failure}" if followed.failure else ""),
                        fix="aws lambda get-event-source-mapping says what the mapping last met",
                    )
                time.sleep(LOOK_SECONDS / 4)
        finally:
            followed.stop()
        say(sent.line(followed.count))
        return Outcome(sent, before, followed.latest)


class _Followed:
    """Counts what has landed, in the background, once a second."""

    def __init__(self, look: Callable[[], Landed], before: Landed):
        self._look = look
        self._before = before
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="landed", daemon=True)
        self.latest = before
        self.failure: Exception | None = None

    @property
    def count(self) -> int:
        """The rides that are in the table, and those that have been given up since the beginning."""
        return self.latest.rides + self.latest.parked - self._before.parked

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                self.latest, self.failure = self._look(), None
            except (BotoCoreError, ClientError, LakelabError) as error:  # the next look may succeed
                self.failure = error
