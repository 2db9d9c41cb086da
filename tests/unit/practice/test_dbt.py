"""dbt in the checker's process: what became of the nodes, and whose fault a failure is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lakelab.practice import Work, Wrong
from lakelab.practice.dbt import Node, Project
from lakelab.settings import Settings

FILES = {
    "dbt_project.yml": "name: shop\nprofile: shop\n",
    "profiles.yml": "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n",
    "models/orders.sql": "select 1 as order_id, {{ var('cents', 5) }} as cents",
    "models/totals.sql": "select sum(cents) as cents from {{ ref('orders') }}",
    "models/tests.yml": "models: [{name: orders, columns: [{name: cents, data_tests: [{accepted_values: "
    "{arguments: {values: [5], quote: false}}}]}]}]\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    workspace = tmp_path / "work"
    for name, text in FILES.items():
        file = workspace / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    work = Work(Settings(root=tmp_path), "day-08", workspace, tmp_path / "data")
    with work.cleanup:
        yield Project(work)


def test_a_build_tells_of_each_node_and_its_rows_can_be_read(project: Project):
    nodes = {node.name: node for node in project.dbt("build")}
    assert nodes["totals"] == Node("totals", "model", "success", "OK", 0)
    test = nodes["accepted_values_orders_cents__False__5"]
    assert (test.kind, test.status, test.test, test.model, test.column) == (
        "test", "pass", "accepted_values", "orders", "cents"
    )  # fmt: skip
    assert project.rows("select cents from totals") == [(5,)]
    assert project.parents("totals") == ["orders"]


def test_a_test_that_fails_is_the_works_fault_unless_it_is_expected(project: Project):
    with pytest.raises(Wrong, match=r"`dbt build` failed:\ntest accepted_values_orders_cents__False__5: fail"):
        project.dbt("build", variables={"cents": 7})
    failed = [node for node in project.dbt("build", ok=False, variables={"cents": 7}) if node.failed]
    assert [(node.test, node.failures) for node in failed] == [("accepted_values", 1)]


def test_a_project_that_does_not_parse_stops_the_checks(project: Project):
    (project.folder / "models" / "totals.sql").write_text("select * from {{ ref('nowhere') }}")
    with pytest.raises(Wrong, match="depends on a node named 'nowhere'") as caught:
        project.dbt("build", ok=False)
    assert caught.value.stop


def test_a_copy_is_changed_alone(project: Project):
    project.dbt("run")
    copy = project.copy()
    (copy.folder / "models" / "totals.sql").write_text("select 9 as cents")
    copy.dbt("run", "--select", "totals")
    assert copy.rows("select cents from totals") == [(9,)]
    assert project.rows("select cents from totals") == [(5,)]


def test_what_is_not_there_is_told(project: Project):
    project.dbt("run")
    with pytest.raises(Wrong, match="the project has no model revenue"):
        project.node("revenue")
    with pytest.raises(Wrong, match="Table with name revenue does not exist"):
        project.rows("select * from revenue")
