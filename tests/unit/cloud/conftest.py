"""A caller that may do everything, or only what a test lists, without a server."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from lakelab.cloud.caller import Caller, Credentials

ACCOUNT = "000000000000"
REGION = "us-east-1"


def make_caller(denied: Callable[[str, str], bool] = lambda action, resource: False) -> Caller:
    """A caller whose `denied(action, resource)` decides."""

    def denial(caller: Caller, action: str, resource: str, context: object) -> str | None:
        if denied(action, resource):
            return f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource}"
        return None

    core = SimpleNamespace(enforces_iam=True, denial=denial)
    return Caller(ACCOUNT, REGION, f"arn:aws:iam::{ACCOUNT}:root", Credentials("test", "test"), core)  # type: ignore[arg-type]


@pytest.fixture
def root() -> Caller:
    return make_caller()


@pytest.fixture
def caller_denied() -> Caller:
    """A caller that may do nothing."""
    return make_caller(lambda action, resource: True)
