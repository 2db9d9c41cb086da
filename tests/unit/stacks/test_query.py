"""The layer query: workgroups and named queries."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import expressions

from stacks.components.named_query import NamedQuery, named_queries

QUERIES = list(named_queries())


@pytest.fixture
def query(deployed):
    return deployed["query"]


@pytest.mark.parametrize(
    ("name", "enforced"),
    [pytest.param("analyst", True, id="people"), pytest.param("transform", False, id="transforms")],
)
def test_a_workgroup_keeps_results_encrypted_and_stops_large_scans(query, name: str, enforced: bool):
    workgroup = query.one("athena/workgroup:Workgroup", name)
    settings = workgroup["configuration"]
    assert workgroup["name"] == f"lakelab-test-{name}"
    assert settings["enforceWorkgroupConfiguration"] is enforced
    assert settings["bytesScannedCutoffPerQuery"] == 10 * 1024**3
    assert settings["resultConfiguration"] == {
        "outputLocation": f"s3://lakelab-test-results-123456789012/{name}/",
        "encryptionConfiguration": {"encryptionOption": "SSE_S3"},
    }


@pytest.mark.parametrize("wanted", [pytest.param(wanted, id=wanted.name) for wanted in QUERIES])
def test_a_query_is_there_for_people_in_its_database(query, wanted: NamedQuery):
    found = query.one("athena/namedQuery:NamedQuery", wanted.name)
    database = {"lake": "lakelab_test", "analytics": "lakelab_test_analytics"}[wanted.database]
    assert (found["workgroup"], found["database"]) == ("lakelab-test-analyst", database)
    assert (found["description"], found["query"]) == (wanted.description, wanted.sql)


@pytest.mark.parametrize("wanted", [pytest.param(wanted, id=wanted.name) for wanted in QUERIES])
def test_a_query_is_one_statement_that_only_reads(wanted: NamedQuery):
    [statement] = sqlglot.parse(wanted.sql, dialect="athena")
    assert isinstance(statement, expressions.Select)
