"""Functions that a program calls on the provider: who am I, where am I, policy documents, and what exists."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lakelab.deploy.provider.clients import Aws
from lakelab.deploy.provider.lookups import LOOKUPS, STORED_VALUE, look_up

Arguments = dict[str, Any]


class UnknownFunction(LookupError):
    """The provider does not have this function."""


class WrongArgument(ValueError):
    """A function has no argument of this name."""


def invoke(aws: Aws, token: str, arguments: Arguments) -> dict[str, Any]:
    """The result of a function.

    Raises:
        UnknownFunction: the provider does not have it.
    """
    if token in LOOKUPS or token == STORED_VALUE:
        return look_up(aws, token, arguments)
    if token not in FUNCTIONS:
        raise UnknownFunction(f"the embedded engine does not know the function {token}; it knows {', '.join(known())}")
    return FUNCTIONS[token](aws, arguments)


def known() -> list[str]:
    """The functions that the provider has."""
    return [*FUNCTIONS, *sorted([*LOOKUPS, STORED_VALUE])]


def _caller_identity(aws: Aws, arguments: Arguments) -> dict[str, Any]:
    who = aws.identity
    return {"id": who["Account"], "accountId": who["Account"], "arn": who["Arn"], "userId": who["UserId"]}


def _region(aws: Aws, arguments: Arguments) -> dict[str, Any]:
    name = arguments.get("region") or arguments.get("name") or aws.region
    return {
        "id": name,
        "name": name,
        "region": name,
        "description": _REGION_NAMES.get(name, name),
        "endpoint": f"ec2.{name}.amazonaws.com",
    }


_REGION_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-west-1": "Europe (Ireland)",
    "eu-west-2": "Europe (London)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
}


def _partition(aws: Aws, arguments: Arguments) -> dict[str, Any]:
    partition = aws.partition
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    reverse = ".".join(reversed(suffix.split(".")))
    return {"id": partition, "partition": partition, "dnsSuffix": suffix, "reverseDnsPrefix": reverse}


def _availability_zones(aws: Aws, arguments: Arguments) -> dict[str, Any]:
    answer = aws.client("ec2", arguments.get("region")).describe_availability_zones()
    wanted = arguments.get("state")
    zones = [zone for zone in answer["AvailabilityZones"] if wanted in (None, zone.get("State"))]
    excluded = set(arguments.get("excludeNames") or ()) | set(arguments.get("excludeZoneIds") or ())
    zones = [zone for zone in zones if zone["ZoneName"] not in excluded and zone.get("ZoneId") not in excluded]
    return {
        "id": aws.region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone.get("ZoneId", "") for zone in zones],
        "groupNames": sorted({zone.get("GroupName", aws.region) for zone in zones}),
    }


def _canonical_user(aws: Aws, arguments: Arguments) -> dict[str, Any]:
    owner = aws.client("s3").list_buckets()["Owner"]
    return {"id": owner["ID"], "displayName": owner.get("DisplayName", "")}


# -- policy documents -------------------------------------------------------------------------------------------------


def _policy_document(aws: Aws, arguments: Arguments) -> dict[str, Any]:
    """https://www.pulumi.com/registry/packages/aws/api-docs/iam/getpolicydocument/"""
    _only(arguments, _DOCUMENT, "")
    document: dict[str, Any] = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    statements: list[dict[str, Any]] = []
    for source in arguments.get("sourcePolicyDocuments") or []:
        statements += _statements(source)
    statements = _merge(statements, [_statement(item) for item in arguments.get("statements") or []])
    for override in arguments.get("overridePolicyDocuments") or []:
        statements = _merge(statements, _statements(override))
    document["Statement"] = statements
    text = json.dumps(document, indent=2)
    minified = json.dumps(document, separators=(",", ":"))
    return {
        "id": str(abs(hash(text))),
        "json": text,
        "minifiedJson": minified,
        "version": document["Version"],
        **arguments,
    }


_DOCUMENT = ("version", "policyId", "statements", "sourcePolicyDocuments", "overridePolicyDocuments")
_STATEMENT = (
    "sid", "effect", "actions", "notActions", "resources", "notResources", "principals", "notPrincipals", "conditions",
)  # fmt: skip


def _only(given: dict[str, Any], known: tuple[str, ...], path: str) -> None:
    """The SDK does not translate the keys of a dict given to a function, so `not_actions` would be nothing."""
    for name in given:
        if name not in known:
            camel = "".join(part.capitalize() if i else part for i, part in enumerate(name.split("_")))
            hint = (
                f"a dict needs {camel} here, or use the ...Args class"
                if camel in known
                else f"there are {', '.join(known)}"
            )
            raise WrongArgument(f"{path}{name}: no such argument; {hint}")


def _statements(text: str) -> list[dict[str, Any]]:
    found = json.loads(text).get("Statement", [])
    return found if isinstance(found, list) else [found]


def _merge(base: list[dict[str, Any]], more: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Statements of `more` take the place of those with the same Sid."""
    result = list(base)
    for statement in more:
        place = next(
            (i for i, old in enumerate(result) if statement.get("Sid") and old.get("Sid") == statement["Sid"]), None
        )
        if place is None:
            result.append(statement)
        else:
            result[place] = statement
    return result


def _statement(item: dict[str, Any]) -> dict[str, Any]:
    _only(item, _STATEMENT, "statements.")
    statement: dict[str, Any] = {}
    if item.get("sid"):
        statement["Sid"] = item["sid"]
    statement["Effect"] = item.get("effect") or "Allow"
    for name, member in {
        "actions": "Action",
        "notActions": "NotAction",
        "resources": "Resource",
        "notResources": "NotResource",
    }.items():
        if item.get(name):
            statement[member] = _one_or_many(item[name])
    for name, member in {"principals": "Principal", "notPrincipals": "NotPrincipal"}.items():
        if item.get(name):
            statement[member] = _principals(item[name])
    if item.get("conditions"):
        conditions: dict[str, dict[str, Any]] = {}
        for condition in item["conditions"]:
            _only(condition, ("test", "variable", "values"), "statements.conditions.")
            values = condition["values"]
            conditions.setdefault(condition["test"], {})[condition["variable"]] = (
                values[0] if len(values) == 1 else values
            )
        statement["Condition"] = conditions
    return statement


def _one_or_many(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else sorted(values, reverse=True)


def _principals(items: list[dict[str, Any]]) -> Any:
    found: dict[str, list[str]] = {}
    for item in items:
        _only(item, ("type", "identifiers"), "statements.principals.")
        found.setdefault(item["type"], []).extend(item["identifiers"])
    if found == {"*": ["*"]}:
        return "*"
    return {kind: _one_or_many(names) for kind, names in found.items()}


FUNCTIONS: dict[str, Callable[[Aws, Arguments], dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:s3/getCanonicalUserId:getCanonicalUserId": _canonical_user,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
}
