"""Samples of the types of IAM."""

from __future__ import annotations

import json

from type_samples.parts import TAGS, TRUST, Sample, World, policy


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
        "aws:iam/role:Role": Sample(
            {"name": n, "assumeRolePolicy": json.dumps(TRUST)},
            {
                "assumeRolePolicy": json.dumps(TRUST).replace("lambda", "glue"),
                "description": "other",
                "maxSessionDuration": 7200,
                "permissionsBoundary": w.policy,
                **TAGS,
            },
            {"name": f"{n}-2", "path": "/other/"},
            kept={"description": "an empty description is no description"},
        ),
        "aws:iam/policy:Policy": Sample(
            {"name": n, "policy": policy("s3:GetObject")},
            {"policy": policy("s3:PutObject"), **TAGS},
            {"name": f"{n}-2", "path": "/other/", "description": "other"},
        ),
        "aws:iam/user:User": Sample(
            {"name": n},
            {"permissionsBoundary": w.policy, **TAGS},
            {"name": f"{n}-2"},
            untested={"path": "no UpdateUser in the local AWS"},
        ),
        "aws:iam/group:Group": Sample(
            {"name": n}, {}, {"name": f"{n}-2"}, untested={"path": "no UpdateGroup in the local AWS"}
        ),
        **{
            f"aws:iam/{owner}Policy:{owner.capitalize()}Policy": Sample(
                {owner: name, "name": n, "policy": policy("s3:GetObject")},
                {"policy": policy("s3:PutObject")},
                {"name": f"{n}-2"},
            )
            for owner, name in (("role", w.role_name), ("user", w.user), ("group", w.group))
        },
        **{
            f"aws:iam/{owner}PolicyAttachment:{owner.capitalize()}PolicyAttachment": Sample(
                {owner: name, "policyArn": w.policy}, {}, {"policyArn": w.other_policy}
            )
            for owner, name in (("role", w.role_name), ("user", w.user), ("group", w.group))
        },
        "aws:iam/groupMembership:GroupMembership": Sample(
            {"name": n, "group": w.group, "users": [w.user]},
            {"users": []},
            import_differs=True,  # AWS knows the users of a group, not the name that Pulumi gives their list
        ),
        "aws:iam/userGroupMembership:UserGroupMembership": Sample(
            {"user": w.user, "groups": [w.group]},
            untested={"groups": "a change needs a second group; the drift of one is that it is gone"},
        ),
        "aws:iam/accessKey:AccessKey": Sample({"user": w.user}, {"status": "Inactive"}),
    }
