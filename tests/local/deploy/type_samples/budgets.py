"""Samples of the types of Budgets."""

from __future__ import annotations

from type_samples.parts import Sample, World


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
        "aws:budgets/budget:Budget": Sample(
            {"name": n, "budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": "10.0", "limitUnit": "USD"},
            {
                "limitAmount": "20.0",
                "notifications": [
                    {
                        "comparisonOperator": "GREATER_THAN",
                        "notificationType": "ACTUAL",
                        "threshold": 80,
                        "thresholdType": "PERCENTAGE",
                        "subscriberEmailAddresses": ["a@example.com"],
                    }
                ],
                "costFilters": [{"name": "Service", "values": ["Amazon Athena"]}],
                "timeUnit": "QUARTERLY",
            },
            {"name": f"{n}-2", "budgetType": "USAGE"},
            apart={"budgetType": {"limitUnit": "GB"}},
            untested={
                "limitUnit": "with budgetType",
                **dict.fromkeys(("timePeriodStart", "timePeriodEnd"), "AWS gives a month"),
                "accountId": "one account here",
                "costTypes": "AWS fills it in",
                "tags": "not kept by the local AWS",
            },
        ),
    }
