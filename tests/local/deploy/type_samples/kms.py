"""Samples of the types of KMS."""

from __future__ import annotations

from type_samples.parts import TAGS, Sample, World, key_policy


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
        "aws:kms/key:Key": Sample(
            {"description": n, "deletionWindowInDays": 7, "policy": key_policy("first")},
            {
                "description": f"{n}-2",
                "enableKeyRotation": True,
                "isEnabled": False,
                "policy": key_policy("other"),
                **TAGS,
            },
            {"keyUsage": "SIGN_VERIFY"},
            apart={"keyUsage": {"customerMasterKeySpec": "RSA_2048"}},
            untested={
                "customerMasterKeySpec": "with keyUsage",
                "rotationPeriodInDays": "needs enableKeyRotation",
                "multiRegion": "see test_awkward",
            },
        ),
        "aws:kms/alias:Alias": Sample(
            {"name": f"alias/{n}", "targetKeyId": w.key}, {"targetKeyId": w.other_key}, {"name": f"alias/{n}-2"}
        ),
    }
