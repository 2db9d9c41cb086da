"""Schedules: AWS's cron expressions, and what fires them.

`cron(Minutes Hours Day-of-month Month Day-of-week Year)`, in UTC:
https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeAlias

from croniter import croniter

from lakelab.cloud.clock import Clock
from lakelab.cloud.core import Core
from lakelab.cloud.glue.errors import InvalidInput

log = logging.getLogger(__name__)

Fire: TypeAlias = Callable[[Core], object]

_CRON = re.compile(r"cron\((.*)\)")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def check_cron(expression: str) -> None:
    """Raises InvalidInput for what is no cron expression of AWS."""
    _parse(expression)


def is_due(expression: str, after: datetime, until: datetime) -> bool:
    """Whether a schedule has a time after the one moment and not after the other."""
    cron, years = _parse(expression)
    times = croniter(cron, after)
    while (time := times.get_next(datetime)) <= until:
        if not years or time.year in years:
            return True
    return False


def _parse(expression: str) -> tuple[str, set[int]]:
    match = _CRON.fullmatch(expression.strip())
    fields = match[1].split() if match else []
    if len(fields) != 6:
        raise InvalidInput(f"Invalid schedule cron expression: {expression}")
    *cron, year = fields
    # AWS counts the days of the week from 1 for Sunday, cron from 0
    cron[4] = re.sub(r"(?<![#\w])[1-7](?![\w])", lambda day: _DAYS[int(day[0]) - 1], cron[4])
    text = " ".join(cron).replace("?", "*")
    try:
        if not croniter.is_valid(text):
            raise InvalidInput(f"Invalid schedule cron expression: {expression}")
        return text, _years(year)
    except ValueError as error:
        raise InvalidInput(f"Invalid schedule cron expression: {expression}") from error


def _years(field: str) -> set[int]:
    if field in ("*", "?"):
        return set()
    years: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = 1970 if first == "*" else int(first)
        end = int(last) if last else (2199 if step else start)
        years |= set(range(start, end + 1, int(step or 1)))
    return years


class Scheduler:
    """Fires what is due, by the clock, once a minute; of a schedule that was due several times meanwhile, one.

    Args:
        due: what was due after the first moment and until the second.
    """

    def __init__(self, clock: Clock, due: Callable[[datetime, datetime], Iterable[Fire]]):
        self._clock = clock
        self._due = due
        self._ended = clock.signal()

    def start(self, core: Core) -> None:
        """Begin to fire."""
        threading.Thread(target=self._run, args=(core,), name="glue schedules", daemon=True).start()

    def close(self) -> None:
        """Fire no more."""
        self._ended.set()

    def _run(self, core: Core) -> None:
        last = self._now()
        while not self._ended.wait(60 - last.timestamp() % 60):
            now = self._now()
            for fire in self._due(last, now):
                try:
                    fire(core)
                except Exception:
                    # one schedule that cannot start must not stop the others
                    log.exception("a schedule that was due at %s could not start", now)
            last = now

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)
