"""The dashboard in a real headless Chromium: what the page says is what Athena answers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lakelab.cloud.environment import client, environment
from lakelab.pipeline import athena
from lakelab.pipeline.dashboard import Dashboard, start_app, wait_for_app
from lakelab.pipeline.deployment import Stacks
from lakelab.practice import browser, exercises, needs
from lakelab.processes import free_port
from lakelab.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SQL = "select order_month, currency, orders, customers, revenue from monthly_revenue order by order_month, currency"
# with the lab that has the pipeline run, too
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pipeline(place: Settings) -> Settings:
    """A place on which the pipeline has run."""
    needs.start(place, exercises.exercise(ROOT, 30), Console(stderr=True))
    return place


@pytest.fixture(scope="module")
def url(pipeline: Settings) -> Iterator[str]:
    port = free_port()
    process = Dashboard(pipeline).start(port)
    yield wait_for_app(process, port)
    end(process)


@pytest.fixture
def page(place: Settings) -> Iterator[Any]:
    try:
        browser.chromium(place.state)
    except browser.NoChromium as error:
        pytest.skip(f"{error.message}: the page was NOT read")
    with browser.page(place.state) as page:
        yield page


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(20)


def test_the_page_says_what_athena_answers(pipeline: Settings, url: str, page: Any):
    output = Stacks(pipeline, "local").output
    found = athena.run(
        client(pipeline, "athena"),
        SQL,
        database=output("catalog", "analytics_database"),
        workgroup=output("query", "workgroup"),
    )
    page.goto(url)
    table = page.get_by_test_id("stTable").locator("tbody tr")
    table.first.wait_for()
    shown = [row.locator("th, td").all_inner_texts() for row in table.all()]
    assert found.rows
    assert shown == [
        [month[:7], currency, orders, customers, f"{Decimal(revenue):,.2f}"]
        for month, currency, orders, customers, revenue in found.rows
    ]
    latest = max(row[0] for row in found.rows)
    metrics = [box.inner_text().split("\n\n")[1] for box in page.get_by_test_id("stMetric").all()]
    assert metrics == [f"{Decimal(row[4]):,.2f}" for row in found.rows if row[0] == latest]


def test_the_charts_are_drawn_and_follow_the_choice_of_currencies(url: str, page: Any):
    page.goto(url)
    charts = page.get_by_test_id("stVegaLiteChart").locator("canvas, svg")
    charts.first.wait_for()
    assert charts.count() == 2
    assert charts.first.bounding_box()["width"] > 200
    before = page.get_by_test_id("stMetric").count()
    page.get_by_test_id("stMultiSelect").get_by_role("button", name="Remove EUR").click()
    page.get_by_test_id("stMetric").nth(before - 1).wait_for(state="detached")
    assert "EUR" not in page.get_by_test_id("stTable").inner_text()
    assert page.get_by_test_id("stMetric").count() == before - 1


def test_a_model_that_is_not_there_is_told(pipeline: Settings, page: Any):
    port = free_port()
    missing = {"DASHBOARD_DATABASE": "no_such_database", "DASHBOARD_WORKGROUP": "primary"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = start_app(ROOT / "dashboard" / "app.py", port, kept | environment(pipeline) | missing)
    try:
        page.goto(wait_for_app(process, port))
        alert = page.get_by_test_id("stAlert")
        alert.wait_for()
        assert "Athena does not give the revenue" in alert.inner_text()
    finally:
        end(process)
