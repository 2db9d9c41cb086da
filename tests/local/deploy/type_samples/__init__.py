"""A sample of every resource type that the embedded engine knows, a module for each service."""

from __future__ import annotations

from uuid import uuid4

from type_samples import (
    apigatewayv2,
    athena,
    budgets,
    cloudwatch,
    glue,
    iam,
    kinesis,
    kms,
    lambda_,
    s3,
    secretsmanager,
    sns,
    sqs,
    ssm,
)
from type_samples.parts import TRUST, Sample, World, policy, resource_policy

__all__ = ["TRUST", "Sample", "World", "policy", "resource_policy", "samples"]

SERVICES = (
    s3,
    iam,
    lambda_,
    sqs,
    sns,
    cloudwatch,
    kms,
    glue,
    athena,
    secretsmanager,
    apigatewayv2,
    kinesis,
    ssm,
    budgets,
)


def samples(w: World) -> dict[str, Sample]:
    """A sample of every type, with names of its own."""
    n = f"{w.name}-{uuid4().hex[:6]}"
    return {token: sample for service in SERVICES for token, sample in service.samples(w, n).items()}
