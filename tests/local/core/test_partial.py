"""A core that lacks what a stack needs: known before anything is made, and left out on demand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def lab(new_lab: Callable[[str], Any], moto: str) -> Any:
    """A lab on moto, which runs no functions without Docker, with the layers below those that need them."""
    lab = new_lab(moto)
    lab.said["up"] = lab.run("up", "catalog", "--core", moto)
    return lab


def test_the_status_says_what_is_missing_and_why(lab: Any):
    services = json.loads(lab.run("cloud", "status", "--json"))["core"]["services"]
    assert services["functions"]["by"] == "absent"
    assert "docker" in services["functions"]["reason"].lower()
    assert services["apigatewayv2"]["by"] == "absent"


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_a_stack_that_needs_it_stops_before_anything_is_made(lab: Any, verb: str):
    said = lab.run("deploy", verb, "-s", "ingest-local", "--engine", "embedded", codes=(1,), errors=True)
    assert "needs functions, which moto at http://" in said
    assert "does not have: a function that adds one to 6 answers error running docker" in said
    assert lab.clients().client("sqs").list_queues().get("QueueUrls", []) == []


def test_partial_deploys_the_rest(lab: Any):
    said = lab.run("deploy", "up", "-s", "ingest-local", "--engine", "embedded", "--partial", "--yes")
    assert "orders-ingest" in said
    (queue,) = lab.clients().client("sqs").list_queues()["QueueUrls"]
    assert queue.endswith("lakelab-local-orders-ingest-failed")
    assert lab.clients().client("lambda").list_functions()["Functions"] == []
    lab.run("deploy", "destroy", "-s", "ingest-local", "--engine", "embedded", "--yes")
    assert lab.clients().client("sqs").list_queues().get("QueueUrls", []) == []
