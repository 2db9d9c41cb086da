"""The resource types of the AWS provider, one module an AWS service; found by type token, imported when first used."""

from __future__ import annotations

import importlib
from functools import cache

from lakelab.deploy.provider.resource import Resource

# Pulumi's module in a type token -> our module: `aws:cloudwatch/eventRule:EventRule` is in `events`.
MODULES = {
    "s3": ("s3", "s3_object"),
    "iam": ("iam", "iam_membership"),
    "lambda": ("lambda_", "lambda_event", "lambda_version"),
    "sqs": ("sqs",),
    "sns": ("sns",),
    "cloudwatch": ("logs", "log_parts", "alarm", "dashboard", "events"),
    "kms": ("kms",),
    "glue": ("glue", "glue_classifier", "glue_job"),
    "athena": ("athena",),
    "kinesis": ("kinesis", "firehose"),
    "apigatewayv2": ("apigatewayv2",),
    "secretsmanager": ("secretsmanager",),
    "ssm": ("ssm",),
    "budgets": ("budgets",),
}


@cache
def _module_types(module: str) -> dict[str, Resource]:
    loaded = importlib.import_module(f"{__name__}.{module}")
    return {kind.type: kind() for kind in loaded.TYPES}


@cache
def resource(token: str) -> Resource | None:
    """The resource type of this token, or None when the provider does not have it."""
    package = token.split(":")[1].split("/")[0] if token.count(":") == 2 else ""
    for module in MODULES.get(package, ()):
        if token in _module_types(module):
            return _module_types(module)[token]
    return None


def all_types() -> dict[str, Resource]:
    """Every resource type by its token. Imports all services."""
    return {
        token: kind
        for modules in MODULES.values()
        for module in modules
        for token, kind in sorted(_module_types(module).items())
    }
