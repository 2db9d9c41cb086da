"""Operations on tags and on the catalog's resource policy."""

from __future__ import annotations

import hashlib
import json

from lakelab.cloud.glue.entities import Entity, Kind
from lakelab.cloud.glue.errors import ConditionCheckFailure, EntityNotFound, InvalidInput
from lakelab.cloud.glue.model import Scope, moment
from lakelab.cloud.glue.operations import Operations
from lakelab.cloud.glue.paging import decode
from lakelab.cloud.wire import Call, Params

_TAGGED: dict[str, Kind] = {"crawler": "Crawler", "job": "Job", "trigger": "Trigger"}
_POLICY = "catalog"


class TagOperations(Operations):
    def tag_resource(self, call: Call, params: Params) -> Params:
        scope, resource = self._tagged_resource(call, params["ResourceArn"])
        with self.file.transaction():
            self.tag(scope, resource, params["TagsToAdd"])
        return {}

    def untag_resource(self, call: Call, params: Params) -> Params:
        scope, resource = self._tagged_resource(call, params["ResourceArn"])
        with self.file.transaction():
            tags = self.tags_of(scope, resource)
            left = {key: value for key, value in tags.items() if key not in params["TagsToRemove"]}
            if left != tags:
                self.entities.put(scope, "Tags", resource, left)
        return {}

    def get_tags(self, call: Call, params: Params) -> Params:
        return {"Tags": self.tags_of(*self._tagged_resource(call, params["ResourceArn"]))}

    def _tagged_resource(self, call: Call, arn: str) -> tuple[Scope, str]:
        """The catalog and the resource that an ARN names. Raises InvalidInput, EntityNotFound."""
        scope = Scope.of(call.caller, {})
        prefix = f"arn:aws:glue:{scope.region}:{scope.account}:"
        resource = arn.removeprefix(prefix)
        type_, _, name = resource.partition("/")
        if resource == arn or not name:
            raise InvalidInput(f"The ARN {arn} is not valid for this operation.")
        if type_ == "database":
            self.catalog.database(scope, name)
            return scope, resource.lower()
        kind = _TAGGED.get(type_)
        if kind is None:
            raise InvalidInput(f"Resources of the type {type_} have no tags.")
        if self.entities.find(scope, kind, name) is None:
            raise EntityNotFound(f"{kind} {name} not found.")
        return scope, resource


class ResourcePolicyOperations(Operations):
    """The one policy of the account's catalog. It is kept, and not enforced: there are no other accounts here."""

    def put_resource_policy(self, call: Call, params: Params) -> Params:
        _refuse_arn(params)
        scope, policy = Scope.of(call.caller, {}), params["PolicyInJson"]
        try:
            json.loads(policy)
        except ValueError as error:
            raise InvalidInput("The policy is not valid JSON.") from error
        with self.file.transaction():
            existing = self.entities.find(scope, "ResourcePolicy", _POLICY)
            condition = params.get("PolicyExistsCondition", "NONE")
            if condition == "MUST_EXIST" and existing is None:
                raise ConditionCheckFailure("Policy does not exist")
            if condition == "NOT_EXIST" and existing is not None:
                raise ConditionCheckFailure("Policy already exists")
            _check_hash(params, existing)
            self.entities.put(scope, "ResourcePolicy", _POLICY, {"PolicyInJson": policy})
        return {"PolicyHash": _hash(policy)}

    def get_resource_policy(self, call: Call, params: Params) -> Params:
        _refuse_arn(params)
        existing = self.entities.find(Scope.of(call.caller, {}), "ResourcePolicy", _POLICY)
        if existing is None:
            raise EntityNotFound("Policy not found")
        return _policy_answer(existing)

    def get_resource_policies(self, call: Call, params: Params) -> Params:
        decode(params.get("NextToken"), 0)  # there is one policy at most
        existing = self.entities.find(Scope.of(call.caller, {}), "ResourcePolicy", _POLICY)
        return {"GetResourcePoliciesResponseList": [] if existing is None else [_policy_answer(existing)]}

    def delete_resource_policy(self, call: Call, params: Params) -> Params:
        _refuse_arn(params)
        scope = Scope.of(call.caller, {})
        with self.file.transaction():
            existing = self.entities.find(scope, "ResourcePolicy", _POLICY)
            if existing is None:
                raise EntityNotFound("Policy not found")
            _check_hash(params, existing)
            self.entities.delete(scope, "ResourcePolicy", _POLICY)
        return {}


def _refuse_arn(params: Params) -> None:
    if "ResourceArn" in params:
        raise InvalidInput("ResourceArn: only the catalog has a policy here.")


def _check_hash(params: Params, existing: Entity | None) -> None:
    wanted = params.get("PolicyHashCondition")
    if wanted and (existing is None or _hash(existing.document["PolicyInJson"]) != wanted):
        raise ConditionCheckFailure("Policy hash condition not met")


def _hash(policy: str) -> str:
    return hashlib.sha256(policy.encode()).hexdigest()[:32]


def _policy_answer(policy: Entity) -> Params:
    text = policy.document["PolicyInJson"]
    return {
        "PolicyInJson": text,
        "PolicyHash": _hash(text),
        "CreateTime": moment(policy.created),
        "UpdateTime": moment(policy.updated),
    }
