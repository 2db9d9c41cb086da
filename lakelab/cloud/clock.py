"""The clock of buffers, windows and retries: it runs as the real one does, until it is advanced or sped up."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lakelab.cloud.environment import ROOT_KEY, ROOT_SECRET
from lakelab.cloud.errors import AwsError
from lakelab.errors import LakelabError
from lakelab.settings import Settings

LONGEST_WAIT = 3600.0  # real seconds; a longer wait is several of them


class ClockError(AwsError):
    """The clock cannot be set so."""

    code = "ValidationException"


@dataclass(frozen=True)
class ClockState:
    """What the clock shows (seconds since 1970), how far that is ahead of real time (seconds), and how fast it runs."""

    now: float
    ahead: float
    speed: float


class Clock:
    """Time for everything that waits.

    The clock never goes back: not when its speed changes, and not when the process is started anew, for it is kept.

    Args:
        file: where it is kept; None keeps it in memory.
    """

    def __init__(self, file: Path | None = None):
        self._file = file
        self._lock = threading.Lock()
        self._signals: weakref.WeakSet[Signal] = weakref.WeakSet()
        self._speed = 1.0
        self._shown = self._started = time.time()  # what the clock showed when real time was `_started`
        if file is not None and file.exists():
            kept = json.loads(file.read_text())
            self._speed = kept["speed"]
            self._shown, self._started = kept["shown"], min(kept["real"], self._started)

    def now(self) -> float:
        """Seconds since 1970, as this clock shows them."""
        with self._lock:
            return self._now()

    def _now(self) -> float:
        return self._shown + (time.time() - self._started) * self._speed

    def signal(self) -> Signal:
        """A new signal whose waits are measured by this clock."""
        made = Signal(self)
        with self._lock:
            self._signals.add(made)
        return made

    def sleep(self, seconds: float) -> None:
        """Wait until this clock has moved on by so much."""
        self.signal().wait(seconds)

    def advance(self, seconds: float) -> None:
        """Move the clock forward; whoever's wait is over by then goes on at once."""
        if seconds < 0:
            raise ClockError(f"The clock does not go back: advance by {seconds} s is refused.")
        with self._lock:
            self._set(self._now() + seconds, self._speed)

    def set_speed(self, factor: float) -> None:
        """From now on, `factor` seconds of this clock pass in a real one. Raises ClockError unless above 0."""
        if not 0 < factor <= 86_400:
            raise ClockError(f"The speed must be above 0 and at most 86400, got {factor}.")
        with self._lock:
            self._set(self._now(), factor)

    def state(self) -> ClockState:
        """What it shows, how far it is ahead, and its speed."""
        with self._lock:
            now = self._now()
            return ClockState(now, now - time.time(), self._speed)

    def _set(self, shown: float, speed: float) -> None:
        self._shown, self._started, self._speed = shown, time.time(), speed
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            partial = self._file.with_suffix(".tmp")
            partial.write_text(json.dumps({"shown": shown, "real": self._started, "speed": speed}))
            partial.replace(self._file)
        for each in list(self._signals):
            each._look()

    def _real(self, seconds: float) -> float:
        return seconds / self._speed


class Signal:
    """An event to wait for with a limit: `wait` ends when `set` is called or the clock has moved on far enough."""

    def __init__(self, clock: Clock):
        self._clock = clock
        self._condition = threading.Condition()
        self._is_set = False
        self._looks = 0

    def set(self) -> None:
        """Wake whoever waits, and let the next wait end at once."""
        with self._condition:
            self._is_set = True
            self._condition.notify_all()

    def clear(self) -> None:
        """Undo `set`."""
        with self._condition:
            self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until `set`, at most so many seconds of the clock. Whether it was set."""
        deadline = None if seconds is None else self._clock.now() + seconds
        while True:
            with self._condition:
                looks = self._looks
                if self._is_set:
                    return True
            # the clock's lock is never taken inside the condition's: the clock takes them the other way round
            left = LONGEST_WAIT if deadline is None else self._clock._real(deadline - self._clock.now())
            if left <= 0:
                return False
            with self._condition:
                if not self._is_set and self._looks == looks:
                    self._condition.wait(min(left, LONGEST_WAIT))

    def _look(self) -> None:
        """The clock was set: measure anew."""
        with self._condition:
            self._looks += 1
            self._condition.notify_all()


def ask_clock(config: Settings, **wanted: float) -> dict[str, float]:
    """What the clock of a running local AWS shows, after it has been advanced or its speed set, as its root user.

    Raises:
        LakelabError: the local AWS does not answer, or refuses.
    """
    body = json.dumps(wanted).encode()
    url = f"{config.endpoint}/_lakelab/clock"
    request = AWSRequest("POST", url, {"content-type": "application/json"}, body)
    SigV4Auth(Credentials(ROOT_KEY, ROOT_SECRET), "lakelab", config.region).add_auth(request)
    try:
        opened = urllib.request.Request(url, body, dict(request.headers), method="POST")  # noqa: S310
        with urllib.request.urlopen(opened, timeout=10) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise LakelabError(json.load(error).get("message", str(error))) from error
    except OSError as error:
        raise LakelabError("the local AWS does not answer", fix="lakelab cloud start") from error


def change(clock: Clock, wanted: dict[str, Any]) -> dict[str, float]:
    """Carry out a request to `/_lakelab/clock`: `{"advance": seconds}`, `{"speed": factor}`, both or none.

    Raises:
        ClockError: an unknown member or a value that cannot be used.
    """
    unknown = set(wanted) - {"advance", "speed"}
    if unknown:
        raise ClockError(f"The clock knows advance and speed, not {', '.join(sorted(unknown))}.")
    for name, value in wanted.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ClockError(f"{name} must be a number, got {value!r}.")
    if "speed" in wanted:
        clock.set_speed(wanted["speed"])
    if "advance" in wanted:
        clock.advance(wanted["advance"])
    state = clock.state()
    return {"now": state.now, "ahead": state.ahead, "speed": state.speed}
