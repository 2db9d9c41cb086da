"""The clock: it is advanced, sped up and kept, and whoever waits on it wakes when it says so."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from lakelab.cloud.clock import Clock, ClockError, change


def waiting(clock: Clock, seconds: float) -> tuple[threading.Thread, list[bool]]:
    """A thread that is in `signal.wait(seconds)`, and where it leaves the outcome."""
    signal, outcome = clock.signal(), []
    thread = threading.Thread(target=lambda: outcome.append(signal.wait(seconds)), daemon=True)
    thread.start()
    deadline = time.monotonic() + 5
    while not signal._condition._waiters and time.monotonic() < deadline:  # type: ignore[attr-defined]
        time.sleep(0.001)
    return thread, outcome


def test_it_shows_real_time():
    assert abs(Clock().now() - time.time()) < 0.5


def test_advancing_ends_a_wait_of_that_length_and_no_longer_one():
    clock = Clock()
    short, ended = waiting(clock, 300)
    long, running = waiting(clock, 10_000)
    clock.advance(301)
    short.join(5)
    assert ended == [False]
    long.join(0.05)
    assert running == []
    clock.advance(10_000)
    long.join(5)
    assert running == [False]


def test_a_signal_ends_its_own_wait():
    signal = Clock().signal()
    threading.Timer(0.01, signal.set).start()
    assert signal.wait(60) is True
    signal.clear()
    assert signal.wait(0) is False


def test_speed_makes_a_minute_pass_in_a_moment():
    clock = Clock()
    clock.set_speed(10_000)
    began = time.monotonic()
    clock.sleep(600)
    assert time.monotonic() - began < 2


def test_a_change_of_speed_reaches_those_who_wait_already():
    clock = Clock()
    thread, ended = waiting(clock, 3600)
    clock.set_speed(80_000)
    thread.join(5)
    assert ended == [False]


def test_it_is_kept_and_never_goes_back(tmp_path: Path):
    first = Clock(tmp_path / "clock.json")
    first.advance(5000)
    shown = first.now()
    again = Clock(tmp_path / "clock.json")
    assert again.now() >= shown
    assert again.state().ahead == pytest.approx(5000, abs=1)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        pytest.param({"advance": -1}, "does not go back", id="back"),
        pytest.param({"speed": 0}, "must be above 0", id="standing still"),
        pytest.param({"speed": "fast"}, "speed must be a number, got 'fast'", id="no number"),
        pytest.param({"advance": True}, "advance must be a number, got True", id="a truth"),
        pytest.param({"jump": 1}, "not jump", id="unknown"),
    ],
)
def test_what_it_refuses(wanted: dict, message: str):
    with pytest.raises(ClockError, match=message) as refused:
        change(Clock(), wanted)
    assert refused.value.code == "ValidationException"


def test_a_request_answers_what_it_did():
    answer = change(Clock(), {"advance": 300, "speed": 60})
    assert answer["speed"] == 60
    assert answer["ahead"] == pytest.approx(300, abs=5)
