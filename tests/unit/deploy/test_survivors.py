"""By what the leavings of a destroyed stack are known."""

from __future__ import annotations

from typing import Any

import pytest

from lakelab.deploy.listings import Thing
from lakelab.deploy.survivors import traces

TAGS = {"project": "p", "target": "dev", "layer": "ingest"}
QUEUE = "arn:aws:sqs:us-east-1:000000000000:p-dev-jobs"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:p-dev-load"


def resource(kind: str, name: str, arn: str, **outputs: Any) -> dict[str, Any]:
    return {"type": kind, "custom": True, "id": name, "outputs": {"name": name, "arn": arn, **outputs}}


def deployment(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resources": [{"type": "pulumi:pulumi:Stack"}, *resources]}


INGEST = deployment(
    resource("aws:sqs/queue:Queue", "p-dev-jobs", QUEUE, tagsAll={**TAGS, "own": "x"}),
    resource("aws:lambda/function:Function", "p-dev-load", FUNCTION, tagsAll=TAGS),
    resource(
        "aws:athena/workgroup:Workgroup",
        "p-dev-people",
        "arn:aws:athena:us-east-1:000000000000:workgroup/p-dev-people",
        configuration={"resultConfiguration": {"outputLocation": "s3://results/people/"}},
    ),
)
OTHER = deployment(resource("aws:sqs/queue:Queue", "p-dev-other", QUEUE.replace("jobs", "other")))


@pytest.mark.parametrize(
    ("kind", "thing", "belongs"),
    [
        pytest.param("queue", Thing("p-dev-jobs", QUEUE), True, id="its-own-that-was-not-deleted"),
        pytest.param("log group", Thing("/aws/lambda/p-dev-load", "arn:x"), True, id="log-group-of-its-function"),
        pytest.param("log group", Thing("/aws/lambda/p-dev-jobs", "arn:x"), False, id="log-group-of-something-else"),
        pytest.param("queue", Thing("by-hand", "arn:y", {**TAGS, "who": "me"}), True, id="tagged-by-hand"),
        pytest.param("queue", Thing("x", "arn:y", {**TAGS, "layer": "lake"}), False, id="tags-of-another-layer"),
        pytest.param("queue", Thing("p-dev-other", QUEUE.replace("jobs", "other"), TAGS), False, id="managed"),
        pytest.param("queue", Thing("p-dev-unknown", "arn:z"), False, id="the-projects-name-while-it-is-in-use"),
    ],
)
def test_what_belongs_to_a_stack_beside_others(kind: str, thing: Thing, belongs: bool) -> None:
    assert traces("p", "p", INGEST, [OTHER]).belong(thing, kind) is belongs


@pytest.mark.parametrize(
    ("name", "belongs"),
    [
        pytest.param("p-dev-unknown", True, id="name-of-the-project"),
        pytest.param("/aws/lambda/mine-unknown", True, id="prefix-in-a-path"),
        pytest.param("mine_analytics", True, id="database"),
        pytest.param("pandas", False, id="longer-word"),
    ],
)
def test_what_belongs_to_the_last_stack_of_a_project(name: str, belongs: bool) -> None:
    assert traces("p", "mine", INGEST, [deployment()]).belong(Thing(name, "arn:z"), "queue") is belongs


def test_the_places_of_query_results_are_known() -> None:
    assert traces("p", "p", INGEST, []).results == ("s3://results/people/",)


def test_tags_that_do_not_name_the_project_are_no_trace() -> None:
    common = deployment(resource("aws:sqs/queue:Queue", "q", QUEUE, tagsAll={"env": "dev"}))
    found = traces("p", "p", common, [OTHER])
    assert found.tags == {}
    assert not found.belong(Thing("stranger", "arn:y", {"env": "dev"}), "queue")
