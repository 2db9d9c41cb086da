"""The ledger of claims: one owner an order, whoever comes between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError

from lambdas.orders_ingest import claims

BUCKET, KEY = "ledgers", "ledger/orders/order_date=2025-01-01.parquet"


@pytest.fixture
def s3(aws: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(claims, "PAUSE_SECONDS", 0)
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def claim(s3: Any, source_id: str, *order_ids: str) -> list[bool]:
    return claims.claim(s3, BUCKET, KEY, source_id, pa.array(order_ids)).to_pylist()


class Interrupted:
    """An S3 client before whose writes something else happens, `times` times."""

    def __init__(self, s3: Any, rival: Callable[[], object], times: int = 1):
        self._s3 = s3
        self._rival = rival
        self._times = times
        self.get_object = s3.get_object

    def put_object(self, **request: Any) -> Any:
        if self._times:
            self._times -= 1
            self._rival()
        return self._s3.put_object(**request)


def test_the_first_claim_owns_the_orders_and_the_second_only_what_is_left(s3: Any):
    assert claim(s3, "a", "o-1", "o-2") == [True, True]
    assert claim(s3, "b", "o-2", "o-3") == [False, True]
    assert claim(s3, "c", "o-1", "o-2", "o-3") == [False, False, False]


def test_a_repeated_claim_finds_its_own_and_writes_nothing(s3: Any):
    claim(s3, "a", "o-1")
    claim(s3, "b", "o-1", "o-2")
    before = s3.head_object(Bucket=BUCKET, Key=KEY)["LastModified"], s3.head_object(Bucket=BUCKET, Key=KEY)["ETag"]
    assert claim(s3, "b", "o-1", "o-2") == [False, True]
    assert (
        s3.head_object(Bucket=BUCKET, Key=KEY)["LastModified"],
        s3.head_object(Bucket=BUCKET, Key=KEY)["ETag"],
    ) == before


@pytest.mark.parametrize("exists", [pytest.param(False, id="a new ledger"), pytest.param(True, id="an old ledger")])
def test_a_rival_that_claims_between_read_and_write_keeps_its_orders(s3: Any, exists: bool):
    if exists:
        claim(s3, "old", "o-0")
    between = Interrupted(s3, lambda: claim(s3, "rival", "o-1", "o-2"))
    assert claim(between, "a", "o-2", "o-3") == [False, True]
    assert claim(s3, "rival", "o-1", "o-2") == [True, True]


def test_a_ledger_that_is_deleted_between_read_and_write_is_made_anew(s3: Any):
    claim(s3, "old", "o-0")
    between = Interrupted(s3, lambda: s3.delete_object(Bucket=BUCKET, Key=KEY))
    assert claim(between, "a", "o-1") == [True]
    assert claim(s3, "b", "o-1") == [False]


def test_a_ledger_that_never_rests_is_given_up_with_its_name(s3: Any):
    numbers = iter(range(1000))
    busy = Interrupted(s3, lambda: claim(s3, "rival", f"r-{next(numbers)}"), times=1000)
    with pytest.raises(claims.Contended, match=f"^s3://{BUCKET}/{KEY} changed under 40 attempts to claim orders$"):
        claim(busy, "a", "o-1")
    assert claim(s3, "b", "o-1") == [True]


def test_an_error_that_is_no_conflict_is_raised(s3: Any):
    with pytest.raises(ClientError, match="NoSuchBucket"):
        claims.claim(s3, "nowhere", KEY, "a", pa.array(["o-1"]))
