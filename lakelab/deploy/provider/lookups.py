"""Functions that look up what exists (`aws.s3.get_bucket`): read as the resource of the same kind would be."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from lakelab.deploy.provider.clients import Aws, Failed, unless_absent
from lakelab.deploy.provider.services import resource
from lakelab.deploy.values import Secret

# function -> the resource type that reads it, and the argument that names it; the function's result has its outputs
LOOKUPS: Mapping[str, tuple[str, str]] = {
    "aws:cloudwatch/getLogGroup:getLogGroup": ("aws:cloudwatch/logGroup:LogGroup", "name"),
    "aws:iam/getPolicy:getPolicy": ("aws:iam/policy:Policy", "arn"),
    "aws:iam/getRole:getRole": ("aws:iam/role:Role", "name"),
    "aws:kms/getAlias:getAlias": ("aws:kms/alias:Alias", "name"),
    "aws:s3/getBucket:getBucket": ("aws:s3/bucket:Bucket", "bucket"),
    "aws:secretsmanager/getSecret:getSecret": ("aws:secretsmanager/secret:Secret", "name"),
    "aws:sns/getTopic:getTopic": ("aws:sns/topic:Topic", "name"),
    "aws:sqs/getQueue:getQueue": ("aws:sqs/queue:Queue", "name"),
    "aws:ssm/getParameter:getParameter": ("aws:ssm/parameter:Parameter", "name"),
}
STORED_VALUE = "aws:secretsmanager/getSecretVersion:getSecretVersion"


def look_up(aws: Aws, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What a function of LOOKUPS answers; what is secret by nature is marked.

    Raises:
        Failed: there is no such thing, or the function was not told which.
    """
    if token == STORED_VALUE:
        return _secret_version(aws, arguments)
    type_token, key = LOOKUPS[token]
    kind = resource(type_token)
    assert kind is not None
    given = arguments.get(key) or arguments.get("arn")
    if not given:
        raise Failed(f"{token.rsplit(':', 1)[-1]} needs {key}")
    id = kind.identity(aws, {**arguments, key: given}) or given
    found = kind.read(aws, id, arguments)
    if found is None:
        raise Failed(f"there is no {type_token} with the {key} {given}")
    found = {**arguments, **found, "id": id}
    if "tagsAll" in found:
        found["tags"] = found.pop("tagsAll")
    return _marked(found, *kind.secret_outputs())


def _secret_version(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """https://www.pulumi.com/registry/packages/aws/api-docs/secretsmanager/getsecretversion/"""
    client = aws.client("secretsmanager", arguments.get("region"))
    names = {"secretId": "SecretId", "versionId": "VersionId", "versionStage": "VersionStage"}
    request = {member: arguments[name] for name, member in names.items() if arguments.get(name)}
    answer = unless_absent(client.get_secret_value, **request)
    if answer is None:
        raise Failed(f"there is no secret {arguments.get('secretId')} with this version")
    found = {
        **arguments,
        "id": f"{arguments['secretId']}|{answer['VersionId']}",
        "arn": answer["ARN"],
        "createdDate": answer["CreatedDate"].isoformat(),
        "region": client.meta.region_name,
        "secretArn": answer["ARN"],
        "secretBinary": base64.b64encode(answer.get("SecretBinary", b"")).decode(),
        "secretString": answer.get("SecretString", ""),
        "versionId": answer["VersionId"],
        "versionStages": sorted(answer["VersionStages"]),
    }
    return _marked(found, "secretString", "secretBinary")


def _marked(found: dict[str, Any], *secret: str) -> dict[str, Any]:
    return {name: Secret(value) if name in secret and value else value for name, value in found.items()}
