"""The Glue Data Catalog: databases and tables."""

from __future__ import annotations

from typing import Any

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, tag_changes


def arn(aws: Aws, glue: Any, path: str) -> str:
    return f"arn:{aws.partition}:glue:{glue.meta.region_name}:{aws.account}:{path}"


def tags_of(glue: Any, resource_arn: str) -> dict[str, str]:
    return (unless_absent(glue.get_tags, ResourceArn=resource_arn) or {}).get("Tags") or {}


def change_tags(glue: Any, resource_arn: str, old: Inputs, new: Inputs) -> None:
    added, removed = tag_changes(old, new)
    if added:
        glue.tag_resource(ResourceArn=resource_arn, TagsToAdd=added)
    if removed:
        glue.untag_resource(ResourceArn=resource_arn, TagsToRemove=removed)


class CatalogDatabase(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/glue/catalogdatabase/. Its id is `<catalog>:<name>`."""

    type = "aws:glue/catalogDatabase:CatalogDatabase"
    service = "glue"
    name = "name"
    name_lower = True
    shape = "CreateDatabase.DatabaseInput"
    properties = {
        "name": P(replaces=True),
        "catalogId": P(replaces=True, computed=True, custom=True),
        "description": P(),
        "locationUri": P(computed=True),
        "parameters": P(),
        "createTableDefaultPermissions": P(computed=True),
        "targetDatabase": P(replaces=True),
        "tags": TAGS,
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return f"{inputs.get('catalogId') or aws.account}:{inputs['name']}" if inputs.get("name") else None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        catalog = inputs.get("catalogId") or aws.account
        tags = {"Tags": inputs["tagsAll"]} if inputs.get("tagsAll") else {}
        database = self.request(self.shapes[0], inputs)
        self.client(aws, inputs).create_database(CatalogId=catalog, DatabaseInput=database, **tags)
        return f"{catalog}:{inputs['name']}"

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        glue = self.client(aws, inputs)
        catalog, name = id.split(":", 1)
        answer = unless_absent(glue.get_database, CatalogId=catalog, Name=name)
        if answer is None:
            return None
        database_arn = arn(aws, glue, f"database/{name}")
        return {
            **self.outputs(answer["Database"]),
            "catalogId": catalog,
            "arn": database_arn,
            "region": glue.meta.region_name,
            "tagsAll": tags_of(glue, database_arn),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        glue = self.client(aws, new)
        catalog, name = id.split(":", 1)
        if changed - {"tags", "tagsAll"}:
            database = self.request(self.shapes[0], new)
            glue.update_database(CatalogId=catalog, Name=name, DatabaseInput=database)
        change_tags(glue, arn(aws, glue, f"database/{name}"), old, new)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        catalog, name = id.split(":", 1)
        unless_absent(self.client(aws, inputs).delete_database, CatalogId=catalog, Name=name)


class CatalogTable(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/glue/catalogtable/

    Its id is `<catalog>:<database>:<name>`.
    """

    type = "aws:glue/catalogTable:CatalogTable"
    service = "glue"
    name = "name"
    name_lower = True
    shape = "CreateTable.TableInput"
    properties = {
        "name": P(replaces=True),
        "databaseName": P(replaces=True, custom=True),
        "catalogId": P(replaces=True, computed=True, custom=True),
        "description": P(),
        "owner": P(computed=True),
        "parameters": P(),
        "partitionKeys": P(filled=("[*].parameters",)),
        "retention": P(default=0),
        "storageDescriptor": P(filled=("columns[*].parameters",)),
        "tableType": P(computed=True),
        "targetTable": P(replaces=True),
        "viewExpandedText": P(),
        "viewOriginalText": P(),
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        database, name = inputs.get("databaseName"), inputs.get("name")
        return f"{inputs.get('catalogId') or aws.account}:{database}:{name}" if database and name else None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        catalog = inputs.get("catalogId") or aws.account
        table = self.request(self.shapes[0], inputs)
        self.client(aws, inputs).create_table(CatalogId=catalog, DatabaseName=inputs["databaseName"], TableInput=table)
        return f"{catalog}:{inputs['databaseName']}:{inputs['name']}"

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        glue = self.client(aws, inputs)
        catalog, database, name = id.split(":", 2)
        answer = unless_absent(glue.get_table, CatalogId=catalog, DatabaseName=database, Name=name)
        if answer is None:
            return None
        return {
            **self.outputs(answer["Table"]),
            "catalogId": catalog,
            "databaseName": database,
            "arn": arn(aws, glue, f"table/{database}/{name}"),
            "region": glue.meta.region_name,
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        catalog, database, _ = id.split(":", 2)
        table = self.request(self.shapes[0], new)
        self.client(aws, new).update_table(CatalogId=catalog, DatabaseName=database, TableInput=table)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        catalog, database, name = id.split(":", 2)
        remove = self.client(aws, inputs).delete_table
        unless_absent(remove, CatalogId=catalog, DatabaseName=database, Name=name)


TYPES = (CatalogDatabase, CatalogTable)
