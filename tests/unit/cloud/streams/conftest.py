"""Kinesis without a server: a service over a folder of the test, a clock that the test moves, and a caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from lakelab.cloud import wire
from lakelab.cloud.caller import Caller, Credentials
from lakelab.cloud.clock import Clock
from lakelab.cloud.streams.api import KinesisService

ACCOUNT, REGION = "000000000000", "us-east-1"
Ask = Callable[..., dict]


class StandingClock(Clock):
    """A clock that only the test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = 1_800_000_000.0

    def _now(self) -> float:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += seconds
        super().advance(0)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def caller() -> Caller:
    core = SimpleNamespace(enforces_iam=True, denial=lambda *asked: None)
    return Caller(ACCOUNT, REGION, f"arn:aws:iam::{ACCOUNT}:root", Credentials("test", "test"), core)  # type: ignore[arg-type]


@pytest.fixture
def kinesis(tmp_path: Path, clock: StandingClock) -> Iterator[KinesisService]:
    service = KinesisService(tmp_path / "kinesis", clock)
    yield service
    service.close()


@pytest.fixture
def ask(kinesis: KinesisService, caller: Caller) -> Ask:
    """`ask("PutRecord", StreamName=…)`: an operation as it comes over the wire, validated both ways."""

    def run(operation: str, **params: object) -> dict:
        answer = wire.invoke(kinesis, caller, operation, params)
        wire.serialise_answer(kinesis, operation, answer)
        return answer

    return run


@pytest.fixture
def stream(ask: Ask) -> str:
    """A stream of two shards."""
    ask("CreateStream", StreamName="rides", ShardCount=2)
    return "rides"
