"""The contract's rules, each with the value or the reason that it gives."""

from __future__ import annotations

from datetime import date

import pytest

from lambdas.orders_ingest.contract import Contract, Rejected


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        pytest.param("order_id", "o-1", "o-1", id="text"),
        pytest.param("order_id", "  o-1\t", "o-1", id="text with blanks around it"),
        pytest.param("order_total_cents", "1250", 1250, id="integer"),
        pytest.param("order_total_cents", "0", 0, id="at the minimum"),
        pytest.param("order_total_cents", "100000000", 100_000_000, id="at the maximum"),
        pytest.param("order_date", "2024-02-29", date(2024, 2, 29), id="leap day"),
        pytest.param("currency", "EUR", "EUR", id="listed value"),
        pytest.param("city", "São Paulo", "São Paulo", id="letters of other alphabets"),
        pytest.param("city", "", None, id="nothing where nothing is allowed"),
        pytest.param("city", "  ", None, id="blanks where nothing is allowed"),
    ],
)
def test_a_good_field_gives_its_value(contract: Contract, column: str, text: str, value: object):
    assert contract.parser(column)(text) == value


@pytest.mark.parametrize(
    ("column", "text", "reason", "detail"),
    [
        pytest.param("order_id", "", "missing_value", "order_id is empty", id="nothing"),
        pytest.param("order_id", " ", "missing_value", "order_id is empty", id="blanks"),
        pytest.param(
            "order_id", "o 1", "pattern_mismatch", "order_id must match [A-Za-z0-9_-]{1,64}, got 'o 1'", id="pattern"
        ),
        pytest.param(
            "order_total_cents", "ten", "not_an_integer", "order_total_cents must be an integer, got 'ten'", id="text"
        ),
        pytest.param(
            "order_total_cents",
            "1.5",
            "not_an_integer",
            "order_total_cents must be an integer, got '1.5'",
            id="fraction",
        ),
        pytest.param(
            "order_total_cents", "1_0", "not_an_integer", "order_total_cents must be an integer, got '1_0'", id="python"
        ),
        pytest.param(
            "order_total_cents",
            "٣",
            "not_an_integer",
            "order_total_cents must be an integer, got '٣'",
            id="other digits",
        ),
        pytest.param(
            "order_total_cents", "-1", "below_minimum", "order_total_cents must be at least 0, got -1", id="negative"
        ),
        pytest.param(
            "order_total_cents",
            "100000001",
            "above_maximum",
            "order_total_cents must be at most 100000000, got 100000001",
            id="too large",
        ),
        pytest.param(
            "order_date",
            "2025-02-30",
            "not_a_date",
            "order_date must be a date (YYYY-MM-DD), got '2025-02-30'",
            id="no day",
        ),
        pytest.param(
            "order_date",
            "20250101",
            "not_a_date",
            "order_date must be a date (YYYY-MM-DD), got '20250101'",
            id="compact",
        ),
        pytest.param(
            "order_date",
            "01/02/2025",
            "not_a_date",
            "order_date must be a date (YYYY-MM-DD), got '01/02/2025'",
            id="us",
        ),
        pytest.param(
            "order_date",
            "1999-12-31",
            "below_minimum",
            "order_date must be at least 2000-01-01, got 1999-12-31",
            id="old",
        ),
        pytest.param(
            "currency",
            "XYZ",
            "unknown_value",
            "currency must be one of EUR, GBP, USD, got 'XYZ'",
            id="unknown currency",
        ),
        pytest.param(
            "currency",
            "x" * 99,
            "unknown_value",
            "currency must be one of EUR, GBP, USD, got '" + "x" * 60 + "…'",
            id="long",
        ),
    ],
)
def test_a_bad_field_gives_its_reason(contract: Contract, column: str, text: str, reason: str, detail: str):
    with pytest.raises(Rejected) as rejected:
        contract.parser(column)(text)
    assert (rejected.value.reason, rejected.value.column, rejected.value.detail) == (reason, column, detail)
