"""What the tests of rides_api share: the contract as the deployment packs it, and a stream."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws

ROOT = Path(__file__).parents[4]
sys.path.insert(0, str(ROOT))  # the folder lambdas is no installed package

from lambdas.rides_api import contract as rules  # noqa: E402
from lambdas.rides_api import handler as function  # noqa: E402


@pytest.fixture
def contract(monkeypatch: pytest.MonkeyPatch) -> rules.Contract:
    document = yaml.safe_load((ROOT / "glue/tables/rides.yaml").read_text())
    found = rules.Contract.of(json.loads(json.dumps(document, default=str)))
    monkeypatch.setattr(function, "contract", lambda: found)
    return found


@pytest.fixture
def kinesis(monkeypatch: pytest.MonkeyPatch, contract: rules.Contract) -> Iterator[Any]:
    """moto's Kinesis with a stream `rides`."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "STREAM_NAME": "rides",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("kinesis")
        client.create_stream(StreamName="rides", ShardCount=1)
        function._kinesis.cache_clear()
        yield client
        function._kinesis.cache_clear()
