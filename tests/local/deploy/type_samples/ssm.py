"""Samples of the types of Systems Manager."""

from __future__ import annotations

from type_samples.parts import TAGS, Sample, World


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
        "aws:ssm/parameter:Parameter": Sample(
            {"name": f"/{n}", "type": "String", "value": "one", "tier": "Standard"},
            {
                "value": "two",
                "type": "SecureString",
                "description": "other",
                "allowedPattern": ".*",
                "tier": "Advanced",
                **TAGS,
            },
            {"name": f"/{n}-2"},
            untested={"insecureValue": "excludes value", "dataType": "needs an AMI", "keyId": "with SecureString"},
        ),
    }
