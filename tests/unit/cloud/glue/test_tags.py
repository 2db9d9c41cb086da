from __future__ import annotations

from typing import Any

import pytest

SALES = "arn:aws:glue:us-east-1:000000000000:database/sales"


def test_tags_of_a_database(glue: Any) -> None:
    glue("CreateDatabase", DatabaseInput={"Name": "sales"}, Tags={"a": "1"})
    glue("TagResource", ResourceArn=SALES, TagsToAdd={"b": "2", "c": "3"})
    glue("UntagResource", ResourceArn=SALES, TagsToRemove=["a", "none"])
    assert glue("GetTags", ResourceArn=SALES)["Tags"] == {"b": "2", "c": "3"}
    glue("DeleteDatabase", Name="sales")
    glue("CreateDatabase", DatabaseInput={"Name": "sales"})
    assert glue("GetTags", ResourceArn=SALES)["Tags"] == {}


@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        pytest.param(SALES, "EntityNotFoundException", "Database sales not found.", id="missing-database"),
        pytest.param(
            SALES.replace("database/sales", "crawler/c"),
            "EntityNotFoundException",
            "Crawler c not found.",
            id="crawler",
        ),
        pytest.param(
            SALES.replace("database/sales", "catalog"),
            "InvalidInputException",
            "The ARN arn:aws:glue:us-east-1:000000000000:catalog is not valid for this operation.",
            id="catalog",
        ),
        pytest.param(
            SALES.replace("database", "mlTransform"),
            "InvalidInputException",
            "Resources of the type mlTransform have no tags.",
            id="other-type",
        ),
    ],
)
def test_tag_errors(glue: Any, arn: str, code: str, message: str) -> None:
    with glue.fails(code, message):
        glue("GetTags", ResourceArn=arn)


@pytest.mark.fidelity("glue", "resource policies", "near", "kept, not enforced: there is one account")
def test_the_resource_policy(glue: Any) -> None:
    first = glue("PutResourcePolicy", PolicyInJson='{"a": 1}')["PolicyHash"]
    found = glue("GetResourcePolicy")
    assert (found["PolicyInJson"], found["PolicyHash"]) == ('{"a": 1}', first)
    second = glue("PutResourcePolicy", PolicyInJson="{}", PolicyHashCondition=first, PolicyExistsCondition="MUST_EXIST")
    assert glue("GetResourcePolicies")["GetResourcePoliciesResponseList"][0]["PolicyHash"] == second["PolicyHash"]
    with glue.fails("ConditionCheckFailureException", "Policy hash condition not met"):
        glue("DeleteResourcePolicy", PolicyHashCondition=first)
    with glue.fails("ConditionCheckFailureException", "Policy already exists"):
        glue("PutResourcePolicy", PolicyInJson="{}", PolicyExistsCondition="NOT_EXIST")
    glue("DeleteResourcePolicy")
    for operation in ("GetResourcePolicy", "DeleteResourcePolicy"):
        with glue.fails("EntityNotFoundException", "Policy not found"):
            glue(operation)
    with glue.fails("ConditionCheckFailureException", "Policy does not exist"):
        glue("PutResourcePolicy", PolicyInJson="{}", PolicyExistsCondition="MUST_EXIST")
    with glue.fails("InvalidInputException", "The policy is not valid JSON."):
        glue("PutResourcePolicy", PolicyInJson="{x")
