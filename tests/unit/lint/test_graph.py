"""State becomes a graph: values, places, references."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lakelab.deploy.values import ARCHIVE, SECRET, SIGNATURE
from lakelab.lint.findings import LintError, Location
from lakelab.lint.graph import SECRET_TEXT, load, position

ROOT = Path("/project")
BUCKET = "aws:s3/bucket:Bucket"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        pytest.param("project:///stacks/lake.py#12,5", Location("stacks/lake.py", 12, 5), id="pulumi"),
        pytest.param("project:///stacks/lake.py#12", Location("stacks/lake.py", 12), id="no-column"),
        pytest.param("file:///project/stacks/a%20b.py#3", Location("stacks/a b.py", 3), id="file-in-the-project"),
        pytest.param("file:///elsewhere/a.py#3", Location("/elsewhere/a.py", 3), id="file-elsewhere"),
        pytest.param("stacks/lake.py:12", Location("stacks/lake.py", 12), id="embedded-engine"),
        pytest.param("", Location("Pulumi.yaml"), id="unknown"),
    ],
)
def test_position(uri: str, expected: Location):
    assert position(uri, ROOT) == expected


def test_secrets_and_assets_become_texts(graph, resource):
    secret = {SIGNATURE: SECRET, "ciphertext": "v1:abc:def"}
    made = graph(
        resource(
            "aws:lambda/function:Function",
            "f",
            {"code": {SIGNATURE: ARCHIVE, "path": "lambdas/f"}, "environment": {"variables": {"A": secret}}},
        )
    )
    assert made.resources[0].inputs == {"code": "lambdas/f", "environment": {"variables": {"A": SECRET_TEXT}}}


def test_what_is_read_or_about_to_be_deleted_is_left_out(graph, resource):
    made = graph(resource(BUCKET, "a"), resource(BUCKET, "b", external=True), resource(BUCKET, "c", delete=True))
    assert [item.name for item in made.resources] == ["a"]


def test_trail_names_the_components_innermost_first(graph, resource):
    stack = resource("pulumi:pulumi:Stack", "s")
    layer = resource("lakelab:lake:Layer", "l", parent=stack["urn"], sourcePosition="project:///stacks/lake.py#3")
    zone = resource("lakelab:lake:Zone", "z", parent=layer["urn"], sourcePosition="project:///stacks/layer.py#9")
    bucket = resource(BUCKET, "b", parent=zone["urn"], sourcePosition="project:///stacks/zone.py#5")
    made = graph(stack, layer, zone, bucket)
    finding = made.finding(made.resources[0], tool="t", rule="R", message="m")
    assert finding.location == Location("stacks/zone.py", 5)
    assert finding.related == (Location("stacks/layer.py", 9), Location("stacks/lake.py", 3))


@pytest.mark.parametrize(
    ("name", "value", "depends", "expected"),
    [
        pytest.param("policyArn", "arn:aws:s3:::raw", [], "raw", id="an-arn-is-never-ambiguous"),
        pytest.param("bucket", "raw", [], "raw", id="a-key-that-names-the-type"),
        pytest.param("name", "raw", [], None, id="a-name-like-another's"),
        pytest.param("target", "raw", [f"urn:pulumi:lake-local::lakelab::{BUCKET}::raw"], "raw", id="a-dependency"),
        pytest.param("bucket", "other", [], None, id="nothing-has-it"),
        pytest.param("bucket", 5, [], None, id="no-text"),
    ],
)
def test_target_of_a_value(name, value, depends, expected, graph, resource):
    bucket = resource(BUCKET, "raw", {"bucket": "raw"}, outputs={"arn": "arn:aws:s3:::raw"})
    other = resource("aws:sqs/queue:Queue", "q", {name: value}, propertyDependencies={name: depends})
    made = graph(bucket, other)
    found = made.target(made.resources[1], name, value)
    assert (found.name if found else None) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "cannot be read as state", id="no-json"),
        pytest.param('{"version": 2}', "not a Pulumi deployment of version 3", id="old-version"),
        pytest.param("[]", "not a Pulumi deployment of version 3", id="no-object"),
        pytest.param('{"version": 3, "deployment": {"resources": []}}', "no AWS resource", id="empty"),
    ],
)
def test_load_refuses(text: str, message: str, tmp_path: Path):
    file = tmp_path / "state.json"
    file.write_text(text)
    with pytest.raises(LintError, match=message):
        load([file], tmp_path)


def test_load_reads_an_export_and_a_checkpoint(document, resource, tmp_path: Path):
    checkpoint = document(resource(BUCKET, "a"))
    export = {"version": 3, "deployment": document(resource(BUCKET, "b"))["checkpoint"]["latest"]}
    for name, state in (("a", checkpoint), ("b", export)):
        (tmp_path / f"{name}.json").write_text(json.dumps(state))
    made = load(sorted(tmp_path.glob("*.json")), tmp_path)
    assert [item.label for item in made.resources] == [f"{BUCKET}::a", f"{BUCKET}::b"]
