"""The whole of `make up-local`, from nothing: what it prints is what plain Python computes from the CSV files."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_revenue_is_what_the_files_say(lab):
    assert lab.revenue() == lab.truth().revenue


def test_the_rows_reconcile_with_the_files(lab):
    truth, rows = lab.truth(), lab.facts()["rows"]
    assert rows["rows_in"] == truth.rows == 1500
    assert rows["quarantined"] == truth.broken > 0
    assert rows["clean"] == truth.orders
    assert rows["duplicate"] == truth.rows - truth.broken - truth.orders > 0


def test_the_output_says_what_was_done_and_what_to_do_next(lab):
    for part in ("local AWS", "stacks", "upload", "ingest", "crawl", "dbt build", "monthly revenue", "in all"):
        assert part in lab.first
    assert "IAM enforcement is ON" in lab.first
    assert "make query Q=" in lab.first


def test_a_second_run_changes_nothing(lab):
    before = lab.facts()
    said = lab.up()
    assert " resources, 0 changed" in said
    assert "0 files uploaded" in said
    assert lab.facts() == before


def test_every_named_query_runs(lab):
    names = [file.stem for file in (ROOT / "athena_queries").glob("*.sql")]
    assert names
    for name in names:
        assert json.loads(lab.run("query", name, "--json"))["columns"], name


def test_an_unknown_query_names_those_that_there_are(lab):
    said = lab.run("query", "nonsense", code=1)
    assert "no named query 'nonsense'" in said
    assert "monthly_revenue" in said


def test_the_raw_zone_is_one_table_after_the_crawl(lab):
    answer = json.loads(lab.run("query", "--sql", "select count(*) from lakelab_local.raw_orders", "--json"))
    assert int(answer["rows"][0][0]) > 0
