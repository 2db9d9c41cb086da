"""Athena workgroups, data catalogs, named queries and prepared statements."""

from __future__ import annotations

from typing import Any

from lakelab.deploy.provider import shapes
from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import (
    REGION,
    TAGS,
    Inputs,
    P,
    Resource,
    pages,
    shape_of,
    tag_changes,
    tag_dict,
    tag_list,
)

ABSENT = "not found"  # Athena says InvalidRequestException for everything


def _arn(aws: Aws, athena: Any, path: str) -> str:
    return f"arn:{aws.partition}:athena:{athena.meta.region_name}:{aws.account}:{path}"


def _tags(athena: Any, arn: str) -> dict[str, str]:
    return tag_dict((unless_absent(athena.list_tags_for_resource, ABSENT, ResourceARN=arn) or {}).get("Tags"))


def _change_tags(athena: Any, arn: str, old: Inputs, new: Inputs) -> None:
    added, removed = tag_changes(old, new)
    if added:
        athena.tag_resource(ResourceARN=arn, Tags=tag_list(added))
    if removed:
        athena.untag_resource(ResourceARN=arn, TagKeys=removed)


class Workgroup(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/athena/workgroup/"""

    type = "aws:athena/workgroup:Workgroup"
    service = "athena"
    name = "name"
    name_limit = 128
    shape = "CreateWorkGroup"
    renames = {"kmsKeyArn": "KmsKey"}
    properties = {
        "name": P(replaces=True),
        "description": P(),
        "configuration": P(
            filled=(
                "engineVersion",
                "enforceWorkgroupConfiguration",
                "publishCloudwatchMetricsEnabled",
                "requesterPaysEnabled",
                "enableMinimumEncryptionConfiguration",
                "managedQueryResultsConfiguration",
            ),
        ),
        "state": P(default="ENABLED", custom=True, choices=("ENABLED", "DISABLED")),
        "forceDestroy": P(local=True, default=False),
        "tags": TAGS,
        "region": REGION,
    }

    def create(self, aws: Aws, inputs: Inputs) -> str:
        athena = self.client(aws, inputs)
        request = self.request("CreateWorkGroup", inputs)
        settings = request.setdefault("Configuration", {})
        # Terraform's and so Pulumi's defaults, which are not AWS's when a configuration is given
        settings.setdefault("EnforceWorkGroupConfiguration", True)
        settings.setdefault("PublishCloudWatchMetricsEnabled", True)
        athena.create_work_group(**request, Tags=tag_list(inputs.get("tagsAll")))
        if inputs.get("state") == "DISABLED":
            athena.update_work_group(WorkGroup=inputs["name"], State="DISABLED")
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        athena = self.client(aws, inputs)
        answer = unless_absent(athena.get_work_group, ABSENT, WorkGroup=id)
        if answer is None:
            return None
        group = answer["WorkGroup"]
        return {
            **self.outputs(group),
            "state": group.get("State", "ENABLED"),
            "arn": _arn(aws, athena, f"workgroup/{id}"),
            "region": athena.meta.region_name,
            "tagsAll": _tags(athena, _arn(aws, athena, f"workgroup/{id}")),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        athena = self.client(aws, new)
        request: dict[str, Any] = {}
        if "description" in changed:
            request["Description"] = new.get("description", "")
        if "state" in changed:
            request["State"] = new.get("state", "ENABLED")
        if "configuration" in changed:
            request["ConfigurationUpdates"] = self._updates(
                old.get("configuration") or {}, new.get("configuration") or {}
            )
        if request:
            athena.update_work_group(WorkGroup=id, **request)
        _change_tags(athena, _arn(aws, athena, f"workgroup/{id}"), old, new)

    def _updates(self, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfigurationUpdates.html"""
        place = shape_of("athena", "UpdateWorkGroup.ConfigurationUpdates")
        settings = {"enforceWorkgroupConfiguration": True, "publishCloudwatchMetricsEnabled": True, **new}
        results = settings.pop("resultConfiguration", None)
        managed = settings.pop("managedQueryResultsConfiguration", None)
        request = shapes.to_aws(settings, place, self.renames, "configuration")
        if "bytesScannedCutoffPerQuery" in old and "bytesScannedCutoffPerQuery" not in new:
            request["RemoveBytesScannedCutoffPerQuery"] = True
        before = old.get("resultConfiguration") or {}
        if results or before:
            inner = place.members["ResultConfigurationUpdates"]
            path = "configuration.resultConfiguration"
            request["ResultConfigurationUpdates"] = shapes.to_aws(results or {}, inner, self.renames, path)
            removals = {
                "outputLocation": "RemoveOutputLocation",
                "encryptionConfiguration": "RemoveEncryptionConfiguration",
                "expectedBucketOwner": "RemoveExpectedBucketOwner",
                "aclConfiguration": "RemoveAclConfiguration",
            }
            for name, flag in removals.items():
                if name in before and name not in (results or {}):
                    request["ResultConfigurationUpdates"][flag] = True
        if managed:
            inner = place.members["ManagedQueryResultsConfigurationUpdates"]
            path = "configuration.managedQueryResultsConfiguration"
            request["ManagedQueryResultsConfigurationUpdates"] = shapes.to_aws(managed, inner, self.renames, path)
        return request

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        force = bool(inputs.get("forceDestroy"))
        remove = self.client(aws, inputs).delete_work_group
        unless_absent(remove, ABSENT, WorkGroup=id, RecursiveDeleteOption=force)


class DataCatalog(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/athena/datacatalog/"""

    type = "aws:athena/dataCatalog:DataCatalog"
    service = "athena"
    name = "name"
    shape = "CreateDataCatalog"
    properties = {
        "name": P(replaces=True),
        "type": P(replaces=True),
        "description": P(),
        "parameters": P(),
        "tags": TAGS,
        "region": REGION,
    }

    def create(self, aws: Aws, inputs: Inputs) -> str:
        request = self.request("CreateDataCatalog", inputs)
        self.client(aws, inputs).create_data_catalog(**request, Tags=tag_list(inputs.get("tagsAll")))
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        athena = self.client(aws, inputs)
        answer = unless_absent(athena.get_data_catalog, ABSENT, Name=id)
        if answer is None:
            return None
        arn = _arn(aws, athena, f"datacatalog/{id}")
        found = self.outputs(answer["DataCatalog"])
        return {**found, "arn": arn, "region": athena.meta.region_name, "tagsAll": _tags(athena, arn)}

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        athena = self.client(aws, new)
        if changed - {"tags", "tagsAll"}:
            athena.update_data_catalog(**self.request("UpdateDataCatalog", new))
        _change_tags(athena, _arn(aws, athena, f"datacatalog/{id}"), old, new)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_data_catalog, ABSENT, Name=id)


class NamedQuery(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/athena/namedquery/"""

    type = "aws:athena/namedQuery:NamedQuery"
    service = "athena"
    name = "name"
    name_limit = 128
    shape = "CreateNamedQuery"
    renames = {"query": "QueryString"}
    properties = {
        "name": P(replaces=True),
        "database": P(replaces=True),
        "query": P(replaces=True),
        "description": P(replaces=True),
        "workgroup": P(replaces=True, default="primary"),
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return None

    def find(self, aws: Aws, inputs: Inputs) -> str | None:
        athena = self.client(aws, inputs)
        group = inputs.get("workgroup", "primary")
        for id in pages(athena.list_named_queries, "NamedQueryIds", more="NextToken", WorkGroup=group):
            if id not in inputs.get("__known", ()):
                query = athena.get_named_query(NamedQueryId=id)["NamedQuery"]
                if query["Name"] == inputs["name"] and query["QueryString"] == inputs["query"]:
                    return id
        return None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        return self.client(aws, inputs).create_named_query(**self.request("CreateNamedQuery", inputs))["NamedQueryId"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        athena = self.client(aws, inputs)
        answer = unless_absent(athena.get_named_query, ABSENT, "does not exist", NamedQueryId=id)
        if answer is None:
            return None
        return {"workgroup": "primary", **self.outputs(answer["NamedQuery"]), "region": athena.meta.region_name}

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_named_query, ABSENT, "does not exist", NamedQueryId=id)


class PreparedStatement(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/athena/preparedstatement/

    Its id is `<workgroup>/<name>`.
    """

    type = "aws:athena/preparedStatement:PreparedStatement"
    service = "athena"
    name = "name"
    shape = "CreatePreparedStatement"
    renames = {"name": "StatementName"}
    properties = {
        "name": P(replaces=True),
        "workgroup": P(replaces=True),
        "queryStatement": P(),
        "description": P(),
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return f"{inputs['workgroup']}/{inputs['name']}" if inputs.get("workgroup") and inputs.get("name") else None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.client(aws, inputs).create_prepared_statement(**self.request("CreatePreparedStatement", inputs))
        return f"{inputs['workgroup']}/{inputs['name']}"

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        athena = self.client(aws, inputs)
        group, name = id.split("/", 1)
        answer = unless_absent(athena.get_prepared_statement, ABSENT, StatementName=name, WorkGroup=group)
        if answer is None:
            return None
        return {**self.outputs(answer["PreparedStatement"]), "workgroup": group, "region": athena.meta.region_name}

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self.client(aws, new).update_prepared_statement(**self.request("UpdatePreparedStatement", new))

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        group, name = id.split("/", 1)
        remove = self.client(aws, inputs).delete_prepared_statement
        unless_absent(remove, ABSENT, StatementName=name, WorkGroup=group)


TYPES = (Workgroup, DataCatalog, NamedQuery, PreparedStatement)
