"""AWS budgets. Their service has one place for all regions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import TAGS, Inputs, P, Resource, tag_changes, tag_dict, tag_list

_TAG = ("Key", "Value")
_TIME = "%Y-%m-%d_%H:%M"


class Budget(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/budgets/budget/. Its id is `<account>:<name>`."""

    type = "aws:budgets/budget:Budget"
    service = "budgets"
    name = "name"
    name_limit = 100
    shape = "CreateBudget.Budget"
    renames = {"name": "BudgetName"}
    properties = {
        "name": P(replaces=True),
        "namePrefix": P(replaces=True, local=True),
        "accountId": P(replaces=True, computed=True, custom=True),
        "budgetType": P(replaces=True),
        "timeUnit": P(),
        "limitAmount": P(custom=True, computed=True),
        "limitUnit": P(custom=True, computed=True),
        "costFilters": P(custom=True, unordered=True),
        "costTypes": P(computed=True),
        "notifications": P(custom=True, unordered=True),
        "timePeriodStart": P(custom=True, computed=True),
        "timePeriodEnd": P(custom=True, computed=True),
        "tags": TAGS,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return f"{inputs.get('accountId') or aws.account}:{inputs['name']}" if inputs.get("name") else None

    def _budget(self, inputs: Inputs) -> dict[str, Any]:
        budget = self.request(self.shapes[0], inputs)
        if "limitAmount" in inputs:
            budget["BudgetLimit"] = {"Amount": inputs["limitAmount"], "Unit": inputs.get("limitUnit", "USD")}
        if inputs.get("costFilters"):
            budget["CostFilters"] = {item["name"]: item["values"] for item in inputs["costFilters"]}
        period = {"timePeriodStart": "Start", "timePeriodEnd": "End"}
        found = {
            member: datetime.strptime(inputs[name], _TIME).replace(tzinfo=UTC)
            for name, member in period.items()
            if inputs.get(name)
        }
        if found:
            budget["TimePeriod"] = found
        return budget

    def create(self, aws: Aws, inputs: Inputs) -> str:
        client = self.client(aws, inputs)
        account = inputs.get("accountId") or aws.account
        tags = {"ResourceTags": tag_list(inputs["tagsAll"])} if inputs.get("tagsAll") else {}
        client.create_budget(AccountId=account, Budget=self._budget(inputs), **tags)
        for notification in inputs.get("notifications") or []:
            self._notify(client, account, inputs["name"], notification)
        return f"{account}:{inputs['name']}"

    @staticmethod
    def _notify(client: Any, account: str, name: str, notification: Inputs) -> None:
        client.create_notification(
            AccountId=account,
            BudgetName=name,
            Notification=_notification(notification),
            Subscribers=_subscribers(notification),
        )

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        account, name = id.split(":", 1)
        answer = unless_absent(client.describe_budget, AccountId=account, BudgetName=name)
        if answer is None:
            return None
        budget = answer["Budget"]
        arn = f"arn:{aws.partition}:budgets::{account}:budget/{name}"
        limit = budget.get("BudgetLimit") or {}
        period = budget.get("TimePeriod") or {}
        tags = unless_absent(client.list_tags_for_resource, ResourceARN=arn) if inputs.get("tagsAll") else None
        found = {
            **self.outputs(budget),
            "accountId": account,
            "arn": arn,
            "limitAmount": limit.get("Amount"),
            "limitUnit": limit.get("Unit"),
            "costFilters": [
                {"name": key, "values": values} for key, values in (budget.get("CostFilters") or {}).items()
            ],
            "notifications": self._notifications(client, account, name),
            "timePeriodStart": period["Start"].strftime(_TIME) if period.get("Start") else None,
            "timePeriodEnd": period["End"].strftime(_TIME) if period.get("End") else None,
            "tagsAll": tag_dict((tags or {}).get("ResourceTags")),
        }
        return {key: value for key, value in found.items() if value is not None}

    @staticmethod
    def _notifications(client: Any, account: str, name: str) -> list[Inputs]:
        answer = unless_absent(client.describe_notifications_for_budget, AccountId=account, BudgetName=name)
        found = []
        for item in (answer or {}).get("Notifications", []):
            named = {"AccountId": account, "BudgetName": name, "Notification": item}
            people = client.describe_subscribers_for_notification(**named)["Subscribers"]
            entry = {
                "comparisonOperator": item["ComparisonOperator"],
                "notificationType": item["NotificationType"],
                "threshold": item["Threshold"],
                "thresholdType": item.get("ThresholdType", "PERCENTAGE"),
                "subscriberEmailAddresses": [p["Address"] for p in people if p["SubscriptionType"] == "EMAIL"],
                "subscriberSnsTopicArns": [p["Address"] for p in people if p["SubscriptionType"] == "SNS"],
            }
            found.append({key: value for key, value in entry.items() if value != []})
        return found

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        client = self.client(aws, new)
        account, name = id.split(":", 1)
        if changed - {"tags", "tagsAll", "notifications"}:
            client.update_budget(AccountId=account, NewBudget=self._budget(new))
        if "notifications" in changed:
            before, after = old.get("notifications") or [], new.get("notifications") or []
            for gone in (item for item in before if item not in after):
                named = {"AccountId": account, "BudgetName": name, "Notification": _notification(gone)}
                unless_absent(client.delete_notification, **named)
            for added in (item for item in after if item not in before):
                self._notify(client, account, name, added)
        added_tags, removed = tag_changes(old, new)
        arn = f"arn:{aws.partition}:budgets::{account}:budget/{name}"
        if added_tags:
            client.tag_resource(ResourceARN=arn, ResourceTags=tag_list(added_tags, *_TAG))
        if removed:
            client.untag_resource(ResourceARN=arn, ResourceTagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        account, name = id.split(":", 1)
        unless_absent(self.client(aws, inputs).delete_budget, AccountId=account, BudgetName=name)


def _notification(item: Inputs) -> dict[str, Any]:
    return {
        "ComparisonOperator": item["comparisonOperator"],
        "NotificationType": item["notificationType"],
        "Threshold": float(item["threshold"]),
        "ThresholdType": item["thresholdType"],
    }


def _subscribers(item: Inputs) -> list[dict[str, str]]:
    people = [{"SubscriptionType": "EMAIL", "Address": who} for who in item.get("subscriberEmailAddresses") or []]
    return people + [{"SubscriptionType": "SNS", "Address": arn} for arn in item.get("subscriberSnsTopicArns") or []]


TYPES = (Budget,)
