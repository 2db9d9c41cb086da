"""Schedules: AWS's cron expressions, and the clock that fires what is due.

`cron(Minutes Hours Day-of-month Month Day-of-week Year)`, in UTC:
https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from croniter import croniter

from lakelab.cloud.core import Core
from lakelab.cloud.glue.errors import InvalidInput

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
_CRON = re.compile(r"cron\((.*)\)")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def check_cron(expression: str) -> None:
    """Raises InvalidInput for what is no cron expression of AWS."""
    _parse(expression)


def is_due(expression: str, minute: datetime) -> bool:
    """Whether a schedule fires in this minute."""
    cron, years = _parse(expression)
    return croniter.match(cron, minute) and (not years or minute.year in years)


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


class Clock:
    """Calls `fire(core)` for each job of a minute, once a minute, when there is a core to run it on.

    Args:
        due: given a minute, what is due in it.
    """

    def __init__(self, due: Callable[[datetime], Iterable[Callable[[Core], object]]]):
        self._due = due
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @staticmethod
    def now() -> float:
        """Seconds since 1970."""
        return time.time()

    def start(self, core: Core) -> None:
        """Begin to fire, if it has not begun. Schedules run as their own roles, so any core will do."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, args=(core,), name="glue schedules", daemon=True)
                self._thread.start()

    def _run(self, core: Core) -> None:
        last = self._minute()
        while True:
            time.sleep(TICK_SECONDS)
            minute = self._minute()
            if minute == last:
                continue
            last = minute
            for fire in self._due(minute):
                try:
                    fire(core)
                except Exception:
                    # one schedule that cannot start must not stop the clock for the others
                    log.exception("a schedule of %s could not start", minute)

    def _minute(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC).replace(second=0, microsecond=0)
