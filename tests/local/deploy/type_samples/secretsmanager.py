"""Samples of the types of Secrets Manager."""

from __future__ import annotations

from type_samples.parts import TAGS, Sample, World, resource_policy


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
        "aws:secretsmanager/secretPolicy:SecretPolicy": Sample(
            {"secretArn": w.secret, "policy": resource_policy("secretsmanager:GetSecretValue", "*")},
            {"policy": resource_policy("secretsmanager:DescribeSecret", "*"), "blockPublicPolicy": True},
            untested={"secretArn": "one secret here"},
        ),
        "aws:secretsmanager/secret:Secret": Sample(
            {"name": n, "recoveryWindowInDays": 0, "policy": resource_policy("secretsmanager:DescribeSecret", "*")},
            {
                "description": "other",
                "kmsKeyId": w.key,
                "policy": resource_policy("secretsmanager:GetSecretValue", "*"),
                **TAGS,
            },
            {"name": f"{n}-2"},
        ),
        "aws:secretsmanager/secretVersion:SecretVersion": Sample(
            {"secretId": w.secret, "secretString": "one"},
            {},
            {"secretString": "two", "secretBinary": "AAEC"},
            untested={"secretId": "one secret here", "versionStages": "moved by AWS itself"},
        ),
    }
