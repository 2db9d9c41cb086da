from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lakelab.cloud.clock import Clock
from lakelab.cloud.errors import AwsError
from lakelab.cloud.glue.schedule import Scheduler, check_cron, is_due

SUNDAY = datetime(2024, 9, 1, 12, 15, tzinfo=UTC)


@pytest.mark.fidelity("glue", "schedules", "exact")
@pytest.mark.parametrize(
    ("expression", "due"),
    [
        pytest.param("cron(15 12 * * ? *)", True, id="every-day"),
        pytest.param("cron(0/15 * * * ? *)", True, id="every-quarter"),
        pytest.param("cron(10 * * * ? *)", False, id="another-minute"),
        pytest.param("cron(15 12 ? * SUN *)", True, id="day-by-name"),
        pytest.param("cron(15 12 ? * 1 *)", True, id="sunday-is-1"),
        pytest.param("cron(15 12 ? * 7 *)", False, id="saturday-is-7"),
        pytest.param("cron(15 12 ? * MON-FRI *)", False, id="working-days"),
        pytest.param("cron(15 12 1 * ? *)", True, id="day-of-month"),
        pytest.param("cron(15 12 1 JAN ? *)", False, id="month"),
        pytest.param("cron(15 12 * * ? 2024)", True, id="year"),
        pytest.param("cron(15 12 * * ? 2025-2030)", False, id="years-to-come"),
    ],
)
def test_is_due(expression: str, due: bool) -> None:
    assert is_due(expression, SUNDAY - timedelta(seconds=1), SUNDAY) is due


@pytest.mark.parametrize(
    "expression", ["", "rate(1 day)", "cron(* * * * *)", "cron(61 * * * ? *)", "cron(a * * * ? *)"]
)
def test_refuses(expression: str) -> None:
    with pytest.raises(AwsError) as error:
        check_cron(expression)
    assert error.value.code == "InvalidInputException"
    assert error.value.message == f"Invalid schedule cron expression: {expression}"


def test_a_schedule_is_due_once_between_two_moments() -> None:
    assert is_due("cron(0 * * * ? *)", SUNDAY, SUNDAY + timedelta(days=1))
    assert not is_due("cron(0 * * * ? *)", SUNDAY, SUNDAY + timedelta(minutes=44))
    assert not is_due("cron(15 12 * * ? *)", SUNDAY, SUNDAY + timedelta(minutes=1))


def test_the_scheduler_fires_when_the_clock_moves_on_and_outlives_a_failure() -> None:
    clock, fired, asked = Clock(), threading.Event(), []

    def due(after: datetime, until: datetime) -> Any:
        asked.append((after, until))

        def fail(core: Any) -> None:
            raise ValueError("it cannot start")

        yield fail
        yield lambda core: fired.set()

    scheduler = Scheduler(clock, due)
    scheduler.start(None)  # type: ignore[arg-type]
    for _ in range(2):
        fired.clear()
        clock.advance(3600)
        assert fired.wait(5)
    scheduler.close()
    assert asked[1][0] == asked[0][1]
