"""Which ARNs a caller needs rights on: a catalog entity, and every ancestor of it.

The rule is that of https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html; the resource types of
each action are those of https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsglue.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakelab.cloud.glue.model import Scope
from lakelab.cloud.glue.role import role_arn
from lakelab.cloud.wire import Call, Params

_DATABASE = {"CreateDatabase", "GetDatabase", "UpdateDatabase", "DeleteDatabase"}
_ALL_TABLES = {"GetTables", "DeleteDatabase"}
_ALL_FUNCTIONS = {"DeleteDatabase", "GetUserDefinedFunctions"}


# what an operation that is not on the catalog works on, by the noun in its name: the ARN's type and the parameters
# that name it
_NOUNS = (
    (re.compile(r"Crawl"), "crawler", ("Name", "CrawlerName", "CrawlerNames", "CrawlerNameList")),
    (re.compile(r"Job"), "job", ("Name", "JobName", "JobNames")),
    (re.compile(r"Trigger"), "trigger", ("Name", "TriggerNames")),
)
_NO_RESOURCE = re.compile(r"Classifier|Tag|ResourcePolic|Dev|Connection")


def resources_of(call: Call, params: Params) -> Iterator[tuple[str, str]]:
    """The (action, ARN) pairs that an operation needs. One that gives a role to Glue also needs iam:PassRole on it."""
    action = f"glue:{call.operation}"
    role = params.get("Role") or params.get("JobUpdate", {}).get("Role")
    if role:
        yield "iam:PassRole", role_arn(Scope.of(call.caller, {}), role)
    for pattern, type_, members in _NOUNS:
        if pattern.search(call.operation):
            names = next((params[member] for member in members if member in params), "*")
            for name in [names] if isinstance(names, str) else names:
                yield action, call.caller.arn_of("glue", f"{type_}/{name}")
            return
    if _NO_RESOURCE.search(call.operation):
        yield action, "*"
        return
    for resource in catalog_resources(call.operation, params):
        yield action, call.caller.arn_of("glue", resource)


def catalog_resources(operation: str, params: Params) -> Iterator[str]:
    """The resource part of the ARNs (`table/sales/orders`) that an operation on the catalog needs rights on."""
    yield "catalog"
    if operation == "GetDatabases":
        yield "database/*"
    elif operation == "SearchTables":
        yield from ("database/*", "table/*/*")
    database = _database(operation, params)
    if database is None:
        return
    yield f"database/{database}"
    for table in _tables(operation, params):
        yield f"table/{database}/{table}"
    function = "*" if operation in _ALL_FUNCTIONS else _function(operation, params)
    if function:
        yield f"userDefinedFunction/{database}/{function}"


def _database(operation: str, params: Params) -> str | None:
    name = params.get("DatabaseName")
    if operation in _DATABASE:
        name = params.get("Name") or params["DatabaseInput"]["Name"]
    return name.lower() if name else None


def _tables(operation: str, params: Params) -> list[str]:
    if operation in _ALL_TABLES:
        return ["*"]
    if operation == "BatchDeleteTable":
        return [name.lower() for name in params["TablesToDelete"]]
    if operation in ("CreateTable", "UpdateTable"):
        name = params.get("TableInput", {}).get("Name") or params.get("Name")
    elif operation in ("GetTable", "DeleteTable"):
        name = params["Name"]
    else:
        name = params.get("TableName")
    return [name.lower()] if name else []


def _function(operation: str, params: Params) -> str | None:
    if not operation.endswith("UserDefinedFunction"):
        return None
    return params.get("FunctionName") or params["FunctionInput"].get("FunctionName")
