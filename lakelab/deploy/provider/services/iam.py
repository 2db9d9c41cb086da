"""IAM roles, users, groups and policies. IAM is one service for all regions, so nothing here has a region."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import unquote

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import TAGS, Inputs, P, Resource, pages, tag_changes, tag_dict, tag_list


def document(value: Any) -> str:
    """A policy document as IAM gives it back: URL-quoted JSON, or a dict that boto3 has opened already."""
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else unquote(value)


class Role(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/iam/role/"""

    type = "aws:iam/role:Role"
    service = "iam"
    name = "name"
    name_limit = 64
    shape = "CreateRole"
    renames = {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument", "uniqueId": "RoleId"}
    properties = {
        "name": P(replaces=True),
        "namePrefix": P(replaces=True, local=True),
        "assumeRolePolicy": P(json=True),
        "description": P(),
        "forceDetachPolicies": P(local=True, default=False),
        "maxSessionDuration": P(default=3600),
        "path": P(replaces=True, default="/"),
        "permissionsBoundary": P(custom=True),
        "tags": TAGS,
    }

    def create(self, aws: Aws, inputs: Inputs) -> str:
        extra = {"PermissionsBoundary": inputs["permissionsBoundary"]} if inputs.get("permissionsBoundary") else {}
        request = self.request("CreateRole", inputs)
        self.client(aws, inputs).create_role(**request, **extra, Tags=tag_list(inputs.get("tagsAll")))
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        iam = self.client(aws, inputs)
        answer = unless_absent(iam.get_role, RoleName=id)
        if answer is None:
            return None
        role = answer["Role"]
        return {
            **self.outputs(role),
            "assumeRolePolicy": document(role["AssumeRolePolicyDocument"]),
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tagsAll": tag_dict(iam.list_role_tags(RoleName=id)["Tags"]),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        iam = self.client(aws, new)
        if "assumeRolePolicy" in changed:
            iam.update_assume_role_policy(RoleName=id, PolicyDocument=new["assumeRolePolicy"])
        if {"description", "maxSessionDuration"} & changed:
            settings = self.request("UpdateRole", new, {"maxSessionDuration"})
            iam.update_role(RoleName=id, Description=new.get("description", ""), **settings)
        if "permissionsBoundary" in changed:
            if new.get("permissionsBoundary"):
                iam.put_role_permissions_boundary(RoleName=id, PermissionsBoundary=new["permissionsBoundary"])
            else:
                iam.delete_role_permissions_boundary(RoleName=id)
        added, removed = tag_changes(old, new)
        if added:
            iam.tag_role(RoleName=id, Tags=tag_list(added))
        if removed:
            iam.untag_role(RoleName=id, TagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        iam = self.client(aws, inputs)
        if inputs.get("forceDetachPolicies"):
            attached = unless_absent(iam.list_attached_role_policies, RoleName=id) or {}
            for policy in attached.get("AttachedPolicies", []):
                iam.detach_role_policy(RoleName=id, PolicyArn=policy["PolicyArn"])
            inline = unless_absent(iam.list_role_policies, RoleName=id) or {}
            for name in inline.get("PolicyNames", []):
                iam.delete_role_policy(RoleName=id, PolicyName=name)
        unless_absent(iam.delete_role, RoleName=id)


class Policy(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/iam/policy/"""

    type = "aws:iam/policy:Policy"
    service = "iam"
    name = "name"
    name_limit = 128
    shape = "CreatePolicy"
    renames = {"name": "PolicyName", "policy": "PolicyDocument"}
    properties = {
        "name": P(replaces=True),
        "namePrefix": P(replaces=True, local=True),
        "description": P(replaces=True),
        "path": P(replaces=True, default="/"),
        "policy": P(json=True),
        "tags": TAGS,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        if not inputs.get("name"):
            return None
        return f"arn:{aws.partition}:iam::{aws.account}:policy{inputs.get('path') or '/'}{inputs['name']}"

    def create(self, aws: Aws, inputs: Inputs) -> str:
        request = self.request("CreatePolicy", inputs)
        answer = self.client(aws, inputs).create_policy(**request, Tags=tag_list(inputs.get("tagsAll")))
        return answer["Policy"]["Arn"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        iam = self.client(aws, inputs)
        answer = unless_absent(iam.get_policy, PolicyArn=id)
        if answer is None:
            return None
        policy = answer["Policy"]
        version = iam.get_policy_version(PolicyArn=id, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
        return {
            **self.outputs(policy),
            "arn": id,
            "policy": document(version["Document"]),
            "tagsAll": tag_dict(iam.list_policy_tags(PolicyArn=id)["Tags"]),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        iam = self.client(aws, new)
        if "policy" in changed:
            versions = iam.list_policy_versions(PolicyArn=id)["Versions"]
            if len(versions) >= 5:  # AWS keeps five
                oldest = min((v for v in versions if not v["IsDefaultVersion"]), key=lambda v: int(v["VersionId"][1:]))
                iam.delete_policy_version(PolicyArn=id, VersionId=oldest["VersionId"])
            iam.create_policy_version(PolicyArn=id, PolicyDocument=new["policy"], SetAsDefault=True)
        added, removed = tag_changes(old, new)
        if added:
            iam.tag_policy(PolicyArn=id, Tags=tag_list(added))
        if removed:
            iam.untag_policy(PolicyArn=id, TagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        iam = self.client(aws, inputs)
        versions = unless_absent(iam.list_policy_versions, PolicyArn=id)
        for version in (versions or {}).get("Versions", []):
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=id, VersionId=version["VersionId"])
        unless_absent(iam.delete_policy, PolicyArn=id)


class User(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/iam/user/"""

    type = "aws:iam/user:User"
    service = "iam"
    name = "name"
    name_limit = 64
    shape = "CreateUser"
    renames = {"name": "UserName", "uniqueId": "UserId"}
    properties = {
        "name": P(replaces=True),
        "path": P(default="/"),
        "permissionsBoundary": P(custom=True),
        "forceDestroy": P(local=True, default=False),
        "tags": TAGS,
    }

    def create(self, aws: Aws, inputs: Inputs) -> str:
        extra = {"PermissionsBoundary": inputs["permissionsBoundary"]} if inputs.get("permissionsBoundary") else {}
        request = self.request("CreateUser", inputs)
        self.client(aws, inputs).create_user(**request, **extra, Tags=tag_list(inputs.get("tagsAll")))
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        iam = self.client(aws, inputs)
        answer = unless_absent(iam.get_user, UserName=id)
        if answer is None:
            return None
        user = answer["User"]
        return {
            **self.outputs(user),
            "permissionsBoundary": user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tagsAll": tag_dict(iam.list_user_tags(UserName=id)["Tags"]),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        iam = self.client(aws, new)
        if "path" in changed:
            iam.update_user(UserName=id, NewPath=new["path"])
        if "permissionsBoundary" in changed:
            if new.get("permissionsBoundary"):
                iam.put_user_permissions_boundary(UserName=id, PermissionsBoundary=new["permissionsBoundary"])
            else:
                iam.delete_user_permissions_boundary(UserName=id)
        added, removed = tag_changes(old, new)
        if added:
            iam.tag_user(UserName=id, Tags=tag_list(added))
        if removed:
            iam.untag_user(UserName=id, TagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        iam = self.client(aws, inputs)
        if inputs.get("forceDestroy"):
            keys = unless_absent(iam.list_access_keys, UserName=id) or {}
            for key in keys.get("AccessKeyMetadata", []):
                iam.delete_access_key(UserName=id, AccessKeyId=key["AccessKeyId"])
        unless_absent(iam.delete_user, UserName=id)


class Group(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/iam/group/"""

    type = "aws:iam/group:Group"
    service = "iam"
    name = "name"
    name_limit = 128
    shape = "CreateGroup"
    renames = {"name": "GroupName", "uniqueId": "GroupId"}
    properties = {"name": P(replaces=True), "path": P(default="/")}

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.client(aws, inputs).create_group(**self.request("CreateGroup", inputs))
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        answer = unless_absent(self.client(aws, inputs).get_group, GroupName=id)
        return self.outputs(answer["Group"]) if answer else None

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self.client(aws, new).update_group(GroupName=id, NewPath=new["path"])

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_group, GroupName=id)


class InlinePolicy(Resource):
    """A policy written into a role, user or group; its id is `<owner>:<policy name>`."""

    service = "iam"
    name = "name"
    name_limit = 128
    owner: ClassVar[str]

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return f"{inputs[self.owner]}:{inputs['name']}" if inputs.get(self.owner) and inputs.get("name") else None

    def _call(self, aws: Aws, verb: str, owner: str, name: str, **more: Any) -> Any:
        operation = getattr(aws.client("iam"), f"{verb}_{self.owner}_policy")
        named = {f"{self.owner.capitalize()}Name": owner, "PolicyName": name}
        return operation(**named, **more) if verb == "put" else unless_absent(operation, **named)

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self._call(aws, "put", inputs[self.owner], inputs["name"], PolicyDocument=inputs["policy"])
        return f"{inputs[self.owner]}:{inputs['name']}"

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        owner, name = id.split(":", 1)
        answer = self._call(aws, "get", owner, name)
        return {self.owner: owner, "name": name, "policy": document(answer["PolicyDocument"])} if answer else None

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        self._call(aws, "delete", *id.split(":", 1))


def _inline(owner: str) -> dict[str, P]:
    return {
        owner: P(replaces=True, custom=True),
        "name": P(replaces=True, custom=True),
        "namePrefix": P(replaces=True, local=True),
        "policy": P(json=True, custom=True),
    }


class RolePolicy(InlinePolicy):
    type = "aws:iam/rolePolicy:RolePolicy"
    owner = "role"
    properties = _inline("role")


class UserPolicy(InlinePolicy):
    type = "aws:iam/userPolicy:UserPolicy"
    owner = "user"
    properties = _inline("user")


class GroupPolicy(InlinePolicy):
    type = "aws:iam/groupPolicy:GroupPolicy"
    owner = "group"
    properties = _inline("group")


class AccessKey(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/iam/accesskey/"""

    type = "aws:iam/accessKey:AccessKey"
    service = "iam"
    properties = {
        "user": P(replaces=True, custom=True),
        "status": P(default="Active", custom=True, choices=("Active", "Inactive")),
    }

    def find(self, aws: Aws, inputs: Inputs) -> str | None:
        # the secret of a key is shown once; one whose secret was lost is of no use and is removed. Keys that were there
        # before the create began are somebody's; AWS tells whole seconds
        iam = self.client(aws, inputs)
        if not inputs.get("__since"):
            return None
        since = datetime.fromisoformat(inputs["__since"]).replace(microsecond=0)
        keys = unless_absent(iam.list_access_keys, UserName=inputs["user"]) or {}
        known = set(inputs.get("__known", ()))
        for key in keys.get("AccessKeyMetadata", []):
            if key["AccessKeyId"] not in known and key["CreateDate"] >= since:
                iam.delete_access_key(UserName=inputs["user"], AccessKeyId=key["AccessKeyId"])
        return None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        iam = self.client(aws, inputs)
        key = iam.create_access_key(UserName=inputs["user"])["AccessKey"]
        if inputs.get("status") == "Inactive":
            iam.update_access_key(UserName=inputs["user"], AccessKeyId=key["AccessKeyId"], Status="Inactive")
        inputs["secret"] = key["SecretAccessKey"]
        return key["AccessKeyId"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        iam = self.client(aws, inputs)
        user = inputs.get("user")
        if user is None:
            owner = unless_absent(iam.get_access_key_last_used, AccessKeyId=id)
            user = (owner or {}).get("UserName")
        keys = unless_absent(iam.list_access_keys, UserName=user) if user else None
        for key in (keys or {}).get("AccessKeyMetadata", []):
            if key["AccessKeyId"] == id:
                secret = {"secret": inputs["secret"]} if inputs.get("secret") else {}
                return {"user": user, "status": key["Status"], "createDate": key["CreateDate"].isoformat(), **secret}
        return None

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self.client(aws, new).update_access_key(UserName=new["user"], AccessKeyId=id, Status=new["status"])

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_access_key, UserName=inputs["user"], AccessKeyId=id)

    def secret_outputs(self) -> tuple[str, ...]:
        return ("secret", "sesSmtpPasswordV4")


def attached(aws: Aws, kind: str, owner: str) -> list[str] | None:
    """The ARNs of the managed policies of a role, user or group; None when it is gone."""
    operation = getattr(aws.client("iam"), f"list_attached_{kind}_policies")
    name = {f"{kind.capitalize()}Name": owner}
    if unless_absent(operation, **name) is None:
        return None
    return [item["PolicyArn"] for item in pages(operation, "AttachedPolicies", more="Marker", **name)]


TYPES = (Role, Policy, User, Group, RolePolicy, UserPolicy, GroupPolicy, AccessKey)
