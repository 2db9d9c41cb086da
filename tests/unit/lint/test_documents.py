"""Policies, contracts and exceptions against their schemas; every other document only has to be one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakelab.lint.documents import run

CONTRACT = """\
name: orders
description: Orders.
grain: one row per order
location: curated/orders/
format: parquet
columns:
  - {name: order_id, type: string, meaning: The order.}
"""
POLICY = """\
{
 "Version": "2012-10-17",
 "Statement": [
  {"Sid": "A", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
 ]
}"""
TABLE, IAM, ALLOWED = "glue/tables/orders.yaml", "policies/iam/a.json", "policies/exceptions.yaml"
EXCEPTION = "exceptions:\n  - {rule: R, resource: a, reason: it is needed for the lab, expires: 2027-01-01}\n"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        pytest.param(TABLE, CONTRACT, id="contract"),
        pytest.param(IAM, POLICY, id="policy"),
        pytest.param(ALLOWED, EXCEPTION, id="exceptions"),
        pytest.param("stacks/a.yaml", "base: &b {a: 1}\nmore: {<<: *b, a: 2}\n", id="merge-keys"),
        pytest.param(".devcontainer/a.json", '{"a": 1}', id="any-json"),
    ],
)
def test_is_accepted(file: str, text: str, tmp_path: Path):
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(text)
    found = run(tmp_path, [Path(file)])
    assert (found.findings, found.scanned) == ((), 1)


@pytest.mark.parametrize(
    ("file", "text", "rule", "line", "message"),
    [
        pytest.param(
            TABLE, CONTRACT.replace("type: string", "type: text"), "schema-contract", 7, "does not match", id="type"
        ),
        pytest.param(
            TABLE, CONTRACT + "owner: me\n", "schema-contract", 8, "'owner' was unexpected", id="key-too-many"
        ),
        pytest.param(
            TABLE, CONTRACT.replace("parquet", "orc"), "schema-contract", 5, "'orc' is not one of", id="format"
        ),
        pytest.param(TABLE, CONTRACT + "name: twice\n", "yaml", 8, "the key 'name' stands twice", id="key-twice"),
        pytest.param(TABLE, "a: [", "yaml", 1, "while parsing a flow", id="no-yaml"),
        pytest.param(IAM, POLICY.replace("Allow", "Alow"), "schema-policy", 4, "'Alow' is not one of", id="effect"),
        pytest.param(
            IAM, POLICY.replace("2012", "2021"), "schema-policy", 2, "'2012-10-17' was expected", id="version"
        ),
        pytest.param(
            IAM, POLICY.replace('"Action"', '"Actions"'), "schema-policy", 4, "'Actions' was unexpected", id="key"
        ),
        pytest.param(
            IAM, POLICY.replace("s3:GetObject", "s3.GetObject"), "schema-policy", 4, "does not match", id="action"
        ),
        pytest.param(IAM, POLICY[:-1], "json", 6, "Expecting", id="no-json"),
        pytest.param(
            ALLOWED, EXCEPTION.replace("2027-01-01", "never"), "schema-exceptions", 2, "'never'", id="no-date"
        ),
        pytest.param(
            ALLOWED,
            EXCEPTION.replace("it is needed for the lab", "so"),
            "schema-exceptions",
            2,
            "too short",
            id="reason",
        ),
    ],
)
def test_is_refused(file: str, text: str, rule: str, line: int, message: str, tmp_path: Path):
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(text)
    findings = run(tmp_path, [Path(file)]).findings
    assert [(item.rule, item.location.line) for item in findings] == [(rule, line)], findings
    assert message in findings[0].message


def test_documents_elsewhere_are_none_of_its_business(tmp_path: Path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/broken.json").write_text("{")
    assert run(tmp_path, [Path("tests/broken.json")]).scanned == 0
