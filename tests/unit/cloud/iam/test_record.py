from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from lakelab.cloud.iam.evaluate import Decision, Kind, Policies, Request, evaluate
from lakelab.cloud.iam.explain import explain
from lakelab.cloud.iam.policy import Principal, parse
from lakelab.cloud.iam.record import Record, forget, read

ANN = Principal("arn:aws:iam::000000000000:user/ann", "000000000000")
READ_RAW = parse(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "ReadRaw", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/raw/*"},
            {
                "Sid": "ListRaw",
                "Effect": "Allow",
                "Action": "s3:ListBucket",
                "Resource": "arn:aws:s3:::lake",
                "Condition": {"StringLike": {"s3:prefix": "raw/*"}},
            },
        ],
    },
    "reader",
)


def note(record: Record, request: Request) -> Decision:
    policies = Policies(READ_RAW)
    decision = evaluate(request, policies)
    record.add(request, decision, None if decision.allowed else explain(request, policies, decision))
    return decision


def test_equal_decisions_are_one_row_with_a_count(tmp_path: Path):
    record = Record(tmp_path / "decisions.sqlite")
    for _ in range(3):
        note(record, Request(ANN, "s3:GetObject", "arn:aws:s3:::lake/raw/a"))
    record.close()
    [row] = read(tmp_path / "decisions.sqlite")
    assert (row.count, row.allowed, row.statement) == (3, True, "ReadRaw of reader")
    assert row.first <= row.last


def test_a_denial_says_what_is_missing_and_what_comes_close(tmp_path: Path):
    record = Record(tmp_path / "decisions.sqlite")
    note(record, Request(ANN, "s3:ListBucket", "arn:aws:s3:::lake", {"s3:prefix": "curated/"}))
    record.close()
    [row] = read(tmp_path / "decisions.sqlite", allowed=False)
    assert row.kind == Kind.IDENTITY
    assert row.near == ("ListRaw of reader allows it where StringLike s3:prefix [raw/*]; s3:prefix is 'curated/'",)
    assert row.place == "identity-based policy of arn:aws:iam::000000000000:user/ann"
    assert row.missing == {
        "Sid": "S3ListBucket",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": "arn:aws:s3:::lake",
        "Condition": {"StringEquals": {"s3:prefix": "curated/"}},
    }


def test_the_missing_statement_allows_the_request(tmp_path: Path):
    request = Request(ANN, "s3:ListBucket", "arn:aws:s3:::lake", {"s3:prefix": "curated/"})
    policies = Policies(READ_RAW)
    told = explain(request, policies, evaluate(request, policies))
    healed = Policies((*READ_RAW, *parse({"Version": "2012-10-17", "Statement": told.statement}, "added")))
    assert evaluate(request, healed).allowed


def test_a_deny_is_not_healed_by_an_allow():
    denies = parse({"Statement": {"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*"}}, "strict")
    request, policies = Request(ANN, "s3:GetObject", "arn:aws:s3:::lake/a"), Policies(denies)
    told = explain(request, policies, evaluate(request, policies))
    assert told.statement is None
    assert told.reason == "No of strict (identity-based policy) denies it; no Allow overrules a Deny"


def test_decisions_are_written_without_being_asked(tmp_path: Path):
    record = Record(tmp_path / "decisions.sqlite")
    note(record, Request(ANN, "s3:GetObject", "arn:aws:s3:::lake/raw/a"))
    deadline = time.monotonic() + 5
    while not read(tmp_path / "decisions.sqlite") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(read(tmp_path / "decisions.sqlite")) == 1
    record.close()


def test_a_second_record_goes_on_where_the_first_ended(tmp_path: Path):
    for _ in range(2):
        record = Record(tmp_path / "decisions.sqlite")
        note(record, Request(ANN, "s3:GetObject", "arn:aws:s3:::lake/raw/a"))
        record.close()
    assert [row.count for row in read(tmp_path / "decisions.sqlite")] == [2]


def test_forgetting_begins_anew(tmp_path: Path):
    record = Record(tmp_path / "decisions.sqlite")
    note(record, Request(ANN, "s3:GetObject", "arn:aws:s3:::lake/raw/a"))
    record.close()
    assert forget(tmp_path / "decisions.sqlite") == 1
    assert read(tmp_path / "decisions.sqlite") == []
    assert forget(tmp_path / "absent.sqlite") == 0


def test_the_file_is_sqlite_in_wal_mode(tmp_path: Path):
    Record(tmp_path / "decisions.sqlite").close()
    assert sqlite3.connect(tmp_path / "decisions.sqlite").execute("pragma journal_mode").fetchone() == ("wal",)
