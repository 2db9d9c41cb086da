"""What makes Lambda functions run: permissions, event source mappings, settings of asynchronous calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, tag_changes
from lakelab.deploy.provider.schema import Mistake


class Permission(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/lambda/permission/"""

    type = "aws:lambda/permission:Permission"
    service = "lambda"
    name = "statementId"
    name_limit = 100
    shape = "AddPermission"
    renames = {"function": "FunctionName", "principalOrgId": "PrincipalOrgID"}
    properties = {
        "statementId": P(replaces=True),
        "statementIdPrefix": P(replaces=True, local=True),
        "action": P(replaces=True),
        "function": P(replaces=True),
        "principal": P(replaces=True),
        "sourceArn": P(replaces=True),
        "sourceAccount": P(replaces=True),
        "eventSourceToken": P(replaces=True),
        "principalOrgId": P(replaces=True),
        "qualifier": P(replaces=True),
        "region": REGION,
    }

    def imported_id(self, id: str) -> str:
        return id.split("/")[-1]

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.client(aws, inputs).add_permission(**self.request("AddPermission", inputs))
        return inputs["statementId"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        function, statement_id = inputs.get("function"), id
        if function is None or "/" in id:  # an import names the function too: `function/statement`
            function, statement_id = id.split("/", 1)
        client = self.client(aws, inputs)
        qualifier = {"Qualifier": inputs["qualifier"]} if inputs.get("qualifier") else {}
        answer = unless_absent(client.get_policy, FunctionName=function, **qualifier)
        for statement in json.loads(answer["Policy"])["Statement"] if answer else []:
            if statement["Sid"] == statement_id:
                return self._statement(statement, function, inputs, client.meta.region_name)
        return None

    def _statement(self, statement: dict[str, Any], function: str, inputs: Inputs, region: str) -> Inputs:
        principal = statement["Principal"]
        if isinstance(principal, dict):
            principal = principal.get("Service") or principal.get("AWS") or next(iter(principal.values()))
        wanted = inputs.get("principal", "")
        if principal == f"arn:aws:iam::{wanted}:root":
            principal = wanted
        conditions = {
            key.lower(): value for test in statement.get("Condition", {}).values() for key, value in test.items()
        }
        found = {
            "statementId": statement["Sid"],
            "action": statement["Action"],
            "function": function,
            "principal": principal,
            "sourceArn": conditions.get("aws:sourcearn"),
            "sourceAccount": conditions.get("aws:sourceaccount"),
            "eventSourceToken": conditions.get("lambda:eventsourcetoken"),
            "principalOrgId": conditions.get("aws:principalorgid"),
            "qualifier": inputs.get("qualifier"),
            "region": region,
        }
        return {key: value for key, value in found.items() if value is not None}

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        qualifier = {"Qualifier": inputs["qualifier"]} if inputs.get("qualifier") else {}
        statement = inputs.get("statementId", id)
        remove = self.client(aws, inputs).remove_permission
        unless_absent(remove, FunctionName=inputs["function"], StatementId=statement, **qualifier)


class EventSourceMapping(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/lambda/eventsourcemapping/"""

    type = "aws:lambda/eventSourceMapping:EventSourceMapping"
    service = "lambda"
    shape = "CreateEventSourceMapping"
    renames = {"arn": "EventSourceMappingArn", "uuid": "UUID", "destinationArn": "Destination"}
    properties = {
        "functionName": P(custom=True),
        "eventSourceArn": P(replaces=True),
        "batchSize": P(computed=True),
        "bisectBatchOnFunctionError": P(default=False),
        "destinationConfig": P(),
        "enabled": P(default=True, custom=True),
        "filterCriteria": P(),
        "functionResponseTypes": P(unordered=True),
        "kmsKeyArn": P(),
        "maximumBatchingWindowInSeconds": P(computed=True),
        "maximumRecordAgeInSeconds": P(computed=True),
        "maximumRetryAttempts": P(computed=True),
        "parallelizationFactor": P(computed=True),
        "scalingConfig": P(),
        "startingPosition": P(replaces=True),
        "startingPositionTimestamp": P(replaces=True),
        "tumblingWindowInSeconds": P(),
        "tags": TAGS,
        "region": REGION,
    }
    volatile = ("lastModified", "state", "stateTransitionReason", "lastProcessingResult")

    def check(self, inputs: Inputs) -> Iterator[Mistake]:
        source = inputs.get("eventSourceArn", "")
        if ":kinesis:" in source and "startingPosition" not in inputs:
            yield Mistake("startingPosition", "is required for a stream")

    def find(self, aws: Aws, inputs: Inputs) -> str | None:
        client = self.client(aws, inputs)
        named = {"FunctionName": inputs["functionName"], "EventSourceArn": inputs["eventSourceArn"]}
        answer = unless_absent(client.list_event_source_mappings, **named)
        for mapping in (answer or {}).get("EventSourceMappings", []):
            if mapping["UUID"] not in inputs.get("__known", ()):
                return mapping["UUID"]
        return None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        request = self.request("CreateEventSourceMapping", inputs)
        request |= {"FunctionName": inputs["functionName"], "Enabled": inputs.get("enabled", True)}
        if inputs.get("tagsAll"):
            request["Tags"] = inputs["tagsAll"]
        return self.client(aws, inputs).create_event_source_mapping(**request)["UUID"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        answer = unless_absent(client.get_event_source_mapping, UUID=id)
        if answer is None:
            return None
        arn = answer["FunctionArn"]
        wanted = inputs.get("functionName", arn)
        mapping_arn = answer.get("EventSourceMappingArn")
        if mapping_arn is None:
            mapping_arn = (
                f"arn:{aws.partition}:lambda:{client.meta.region_name}:{aws.account}:event-source-mapping:{id}"
            )
        tags = unless_absent(client.list_tags, Resource=mapping_arn) if inputs.get("tagsAll") else None
        return {
            **self.outputs(answer),
            "functionName": wanted if wanted == arn or arn.endswith(f":{wanted}") else arn,
            "functionArn": arn,
            "arn": mapping_arn,
            "enabled": answer.get("State", "Enabled") in ("Enabled", "Enabling", "Creating", "Updating"),
            "region": client.meta.region_name,
            "tagsAll": (tags or {}).get("Tags", {}),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        client = self.client(aws, new)
        settings = changed - {"tags", "tagsAll"}
        if settings:
            request = self.request("UpdateEventSourceMapping", new, settings)
            if "functionName" in settings:
                request["FunctionName"] = new["functionName"]
            if "enabled" in settings:
                request["Enabled"] = new.get("enabled", True)
            if "filterCriteria" in settings and "filterCriteria" not in new:
                request["FilterCriteria"] = {"Filters": []}
            if "scalingConfig" in settings:
                request.setdefault("ScalingConfig", {})
            if "functionResponseTypes" in settings and "functionResponseTypes" not in new:
                request["FunctionResponseTypes"] = []
            if "destinationConfig" in settings and "destinationConfig" not in new:
                request["DestinationConfig"] = {"OnFailure": {}}
            client.update_event_source_mapping(UUID=id, **request)
        added, removed = tag_changes(old, new)
        if added or removed:
            arn = self.read(aws, id, new)["arn"]  # type: ignore[index]  # it was just updated
            if added:
                client.tag_resource(Resource=arn, Tags=added)
            if removed:
                client.untag_resource(Resource=arn, TagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_event_source_mapping, UUID=id)


class FunctionEventInvokeConfig(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/lambda/functioneventinvokeconfig/"""

    type = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    service = "lambda"
    shape = "PutFunctionEventInvokeConfig"
    properties = {
        "functionName": P(replaces=True),
        "qualifier": P(replaces=True),
        "maximumEventAgeInSeconds": P(computed=True),
        "maximumRetryAttempts": P(default=2),
        "destinationConfig": P(),
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        function, qualifier = inputs.get("functionName"), inputs.get("qualifier")
        return f"{function}:{qualifier}" if function and qualifier else function

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.client(aws, inputs).put_function_event_invoke_config(**self.request(self.shapes[0], inputs))
        return str(self.identity(aws, inputs))

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        qualifier = {"Qualifier": inputs["qualifier"]} if inputs.get("qualifier") else {}
        function = inputs.get("functionName", id)
        answer = unless_absent(client.get_function_event_invoke_config, FunctionName=function, **qualifier)
        if answer is None:
            return None
        return {**self.outputs(answer), "functionName": function, "region": client.meta.region_name} | (
            {"qualifier": inputs["qualifier"]} if qualifier else {}
        )

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        qualifier = {"Qualifier": inputs["qualifier"]} if inputs.get("qualifier") else {}
        remove = self.client(aws, inputs).delete_function_event_invoke_config
        unless_absent(remove, FunctionName=inputs["functionName"], **qualifier)


TYPES = (Permission, EventSourceMapping, FunctionEventInvokeConfig)
