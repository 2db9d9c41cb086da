"""Reading a file: headers, encodings, line ends, quotes, and what cannot be read."""

from __future__ import annotations

import io

import pytest

from lambdas.orders_ingest.contract import Contract, Rejected
from lambdas.orders_ingest.feed import Feed, UnreadableFile

HEADER = b"order_id,customer_id,order_date,order_total_cents,currency,status,city\n"
ROW = b"o-1,c-1,2025-01-01,100,EUR,completed,Berlin"


def feed(contract: Contract, data: bytes) -> Feed:
    return Feed(io.BytesIO(data), contract)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(HEADER + ROW, id="no line end at the end"),
        pytest.param(HEADER + ROW + b"\n", id="line feeds"),
        pytest.param(HEADER.replace(b"\n", b"\r\n") + ROW + b"\r\n", id="CRLF"),
        pytest.param(b"\xef\xbb\xbf" + HEADER + ROW, id="byte order mark"),
        pytest.param(HEADER + b"\n  \n" + ROW + b"\n\r\n", id="empty lines"),
        pytest.param(HEADER.upper().replace(b",", b" , ") + ROW, id="header in capitals, with blanks"),
        pytest.param(
            b"city,status,currency,order_total_cents,order_date,customer_id,order_id\n"
            b"Berlin,completed,EUR,100,2025-01-01,c-1,o-1",
            id="columns in another order",
        ),
        pytest.param(
            HEADER.replace(b"city", b"coupon,city") + ROW.replace(b"Berlin", b"X,Berlin"),
            id="a column too many in the header",
        ),
        pytest.param(HEADER + b'"o-1","c-1","2025-01-01","100","EUR","completed","Berlin"', id="quoted"),
    ],
)
def test_the_same_row_is_read(contract: Contract, data: bytes):
    file = feed(contract, data)
    [line] = file.lines()
    assert [str(value) for value in file.values(line)] == ROW.decode().split(",")


def test_lines_are_numbered_as_an_editor_does(contract: Contract):
    lines = list(feed(contract, HEADER + ROW + b"\n\n" + ROW).lines())
    assert [line.number for line in lines] == [2, 4]


def test_a_column_that_the_contract_does_not_know_is_named(contract: Contract):
    assert feed(contract, HEADER.replace(b"city", b"coupon,city,note")).ignored_columns == ["coupon", "note"]


def test_only_lines_that_are_not_utf8_are_read_as_latin1(contract: Contract):
    file = feed(contract, HEADER + "Köln\n".encode("latin-1") + "Köln\n".encode() + b"Berlin")
    assert [line.text for line in file.lines()] == ["Köln", "Köln", "Berlin"]
    assert file.latin1_lines == 1


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        pytest.param(ROW + b",x", "wrong_column_count", "the header has 7 columns, the line 8", id="a column too many"),
        pytest.param(b"o-1,c-1", "wrong_column_count", "the header has 7 columns, the line 2", id="columns too few"),
        pytest.param(b'"o-1,c-1', "malformed_csv", "the line is not CSV: unexpected end of data", id="open quote"),
        pytest.param(
            b'"o"-1,c-1', "malformed_csv", "the line is not CSV: ',' expected after '\"'", id="text after a quote"
        ),
    ],
)
def test_a_line_that_is_no_row_is_rejected_and_the_next_is_read(
    contract: Contract, row: bytes, reason: str, detail: str
):
    file = feed(contract, HEADER + row + b"\n" + ROW)
    bad, good = file.lines()
    with pytest.raises(Rejected) as rejected:
        file.values(bad)
    assert (rejected.value.reason, rejected.value.column, rejected.value.detail) == (reason, None, detail)
    assert file.values(good)[0] == "o-1"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "the file is empty: not even a header", id="empty"),
        pytest.param(b"\n", "the header lacks the columns order_id, customer_id", id="an empty line"),
        pytest.param(ROW, "the header lacks the columns order_id, customer_id", id="no header"),
        pytest.param(HEADER.replace(b",city", b""), "the header lacks the column city", id="a missing column"),
        pytest.param(
            HEADER.replace(b"city", b"status"), "the header has a column twice: 'status'", id="a column twice"
        ),
        pytest.param(
            b'"order_id\n', "the header is not CSV: the line is not CSV: unexpected end of data", id="open quote"
        ),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00", "the file is binary: it has zero bytes", id="an image"),
        pytest.param(HEADER.decode().encode("utf-16"), "the file is binary: it has zero bytes", id="UTF-16"),
        pytest.param(b"x" * (1 << 20) + b"y", "line 1 is longer than 1048576 bytes", id="one endless line"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(contract: Contract, data: bytes, message: str):
    with pytest.raises(UnreadableFile) as unreadable:
        feed(contract, data)
    assert str(unreadable.value).startswith(message)
