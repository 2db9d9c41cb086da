"""What joins IAM things: policies attached to roles, users and groups, and users in groups."""

from __future__ import annotations

from typing import ClassVar

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import Inputs, P, Resource
from lakelab.deploy.provider.services.iam import attached


class Attachment(Resource):
    """A managed policy attached to a role, user or group; its id is `<owner>/<policy ARN>`."""

    service = "iam"
    owner: ClassVar[str]

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return f"{inputs[self.owner]}/{inputs['policyArn']}" if self.owner in inputs and "policyArn" in inputs else None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        attach = getattr(aws.client("iam"), f"attach_{self.owner}_policy")
        attach(**{f"{self.owner.capitalize()}Name": inputs[self.owner]}, PolicyArn=inputs["policyArn"])
        return f"{inputs[self.owner]}/{inputs['policyArn']}"

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        owner, arn = id.split("/", 1)
        return {self.owner: owner, "policyArn": arn} if arn in (attached(aws, self.owner, owner) or ()) else None

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        owner, arn = id.split("/", 1)
        detach = getattr(aws.client("iam"), f"detach_{self.owner}_policy")
        unless_absent(detach, **{f"{self.owner.capitalize()}Name": owner}, PolicyArn=arn)


def _attachment(owner: str) -> dict[str, P]:
    return {owner: P(replaces=True, custom=True), "policyArn": P(replaces=True, custom=True)}


class RolePolicyAttachment(Attachment):
    type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    owner = "role"
    properties = _attachment("role")


class UserPolicyAttachment(Attachment):
    type = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
    owner = "user"
    properties = _attachment("user")


class GroupPolicyAttachment(Attachment):
    type = "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"
    owner = "group"
    properties = _attachment("group")


class GroupMembership(Resource):
    """All the users of a group; others are put out of it."""

    type = "aws:iam/groupMembership:GroupMembership"
    service = "iam"
    name = "name"
    properties = {
        "name": P(replaces=True, local=True),
        "group": P(replaces=True, custom=True),
        "users": P(unordered=True, custom=True),
    }

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.update(aws, inputs["name"], {"users": []}, inputs, {"users"})
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        answer = unless_absent(self.client(aws, inputs).get_group, GroupName=inputs["group"])
        if answer is None:
            return None
        return {"name": id, "group": inputs["group"], "users": sorted(user["UserName"] for user in answer["Users"])}

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        iam = self.client(aws, new)
        now = {user["UserName"] for user in iam.get_group(GroupName=new["group"])["Users"]}
        for user in sorted(set(new["users"]) - now):
            iam.add_user_to_group(GroupName=new["group"], UserName=user)
        for user in sorted(now - set(new["users"])):
            iam.remove_user_from_group(GroupName=new["group"], UserName=user)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        iam = self.client(aws, inputs)
        for user in inputs["users"]:
            unless_absent(iam.remove_user_from_group, GroupName=inputs["group"], UserName=user)


class UserGroupMembership(Resource):
    """Some groups of a user; groups that it is in otherwise are left alone."""

    type = "aws:iam/userGroupMembership:UserGroupMembership"
    service = "iam"
    properties = {"user": P(replaces=True, custom=True), "groups": P(unordered=True, custom=True)}

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        user, groups = inputs.get("user"), inputs.get("groups")
        return "/".join([user, *sorted(groups)]) if user and groups else None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.update(aws, "", {"groups": []}, inputs, {"groups"})
        return "/".join([inputs["user"], *sorted(inputs["groups"])])

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        user, *groups = id.split("/")
        wanted = set(inputs.get("groups") or groups)
        answer = unless_absent(self.client(aws, inputs).list_groups_for_user, UserName=user)
        if answer is None:
            return None
        there = sorted(group["GroupName"] for group in answer["Groups"] if group["GroupName"] in wanted)
        return {"user": user, "groups": there} if there else None

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        iam = self.client(aws, new)
        for group in new["groups"]:
            iam.add_user_to_group(GroupName=group, UserName=new["user"])
        for group in set(old["groups"]) - set(new["groups"]):
            unless_absent(iam.remove_user_from_group, GroupName=group, UserName=new["user"])

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        for group in inputs["groups"]:
            unless_absent(self.client(aws, inputs).remove_user_from_group, GroupName=group, UserName=inputs["user"])


TYPES = (RolePolicyAttachment, UserPolicyAttachment, GroupPolicyAttachment, GroupMembership, UserGroupMembership)
