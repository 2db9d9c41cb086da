"""What the tests of orders_ingest share: its contract, and a mocked AWS."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from moto import mock_aws

ROOT = Path(__file__).parents[4]
sys.path.insert(0, str(ROOT))  # the folder lambdas is no installed package

from lambdas.orders_ingest.contract import Contract  # noqa: E402


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The contract as the deployment packs it: through JSON."""
    document = yaml.safe_load((ROOT / "glue/tables/orders.yaml").read_text())
    return Contract.of(json.loads(json.dumps(document, default=str)))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto in place of AWS."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield
