"""MiniStack authenticates, lakelab decides: every authorisation in the core goes through lakelab.cloud.iam.

With `ministack` the second module that knows MiniStack's insides. It takes over MiniStack's one entry to authorisation
and leaves everything before it, signatures and credentials, as it is. MiniStack's own decisions differ from AWS's: see
docs/iam.md.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from lakelab.cloud import rest, wire
from lakelab.cloud.iam.context import seen
from lakelab.cloud.iam.evaluate import Decision, Kind, Policies, Request, denial_message, evaluate
from lakelab.cloud.iam.explain import explain
from lakelab.cloud.iam.policy import MalformedPolicy, Principal, Statement, parse
from lakelab.cloud.iam.record import Record

UNMAPPED = "UnmappedAction"
# operations whose action has another name
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
LAMBDA_ACTIONS = {
    "Invoke": "InvokeFunction",
    "InvokeAsync": "InvokeFunction",
    "InvokeWithResponseStream": "InvokeFunction",
}
_credential: contextvars.ContextVar[Any] = contextvars.ContextVar("credential", default=None)
_denial: contextvars.ContextVar[str] = contextvars.ContextVar("denial", default="")
_verified: contextvars.ContextVar[Any] = contextvars.ContextVar("verified", default=None)
_pinned: contextvars.ContextVar[tuple[Any, ...] | None] = contextvars.ContextVar("pinned", default=None)


class _Lazy(Mapping[str, Any]):
    """A mapping that is made when somebody looks into it: most policies ask for none of its keys."""

    def __init__(self, make: Callable[[], Mapping[str, Any]]):
        self._make = make

    @cached_property
    def _made(self) -> Mapping[str, Any]:
        return self._make()

    def __getitem__(self, key: str) -> Any:
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


class Authorization:
    """Decides requests by the policies that MiniStack keeps, and records the decisions.

    Args:
        record: where decisions are kept; None keeps none.
    """

    def __init__(self, record: Record | None):
        from ministack.core import iam_actions, iam_evaluator, responses
        from ministack.services import iam, s3, sts, tagging

        self._record = record
        self._evaluator: Any = iam_evaluator
        self._actions: Any = iam_actions
        self._responses: Any = responses
        self._iam: Any = iam
        self._s3: Any = s3
        self._sts: Any = sts
        self._tagging: Any = tagging

    def install(self) -> None:
        """Take MiniStack's authorisation over."""
        evaluator, actions = self._evaluator, self._actions
        self._authenticate = evaluator.enforce
        self._verify = evaluator.authenticate
        self._caller_arn = evaluator.caller_arn
        self._trusts = evaluator.evaluate_trust_policy
        self._extract_action = actions.extract_iam_action
        self._extract_resource = actions.extract_resource_arn
        self._respond = actions.access_denied_response
        evaluator.authenticate = self._verify_and_keep
        evaluator.pin_request_caller = self._pin_caller
        evaluator.caller_arn = self._pinned_caller
        evaluator.resolve_principal = self._identify
        evaluator.enforce = self.enforce
        evaluator.evaluate_trust_policy = self._evaluate_trust_policy
        actions.extract_iam_action = self._action_of
        actions.extract_resource_arn = self._resource_of
        actions.access_denied_response = self._denied_response
        actions.identity_denial_message = lambda *arguments, **named: _denial.get()

    # ---- what MiniStack calls

    def _verify_and_keep(self, access_key: str, account: str) -> Any:
        """MiniStack verifies a request's signature once and then forgets whose it is: here it is kept."""
        found = self._verify(access_key, account)
        if isinstance(found, self._evaluator.ResolvedCredential):
            _verified.set(found)
        return found

    def _pin_caller(self, *request: Any) -> None:
        """MiniStack looks up the caller of every request, and asks for it in few: here it is looked up when asked."""
        _pinned.set(request)

    def _pinned_caller(self) -> str:
        request = _pinned.get()
        return self._caller_arn() if request is None else self._evaluator.request_caller_arn(*request)

    def _identify(self, access_key: str, account: str, credential: Any = None) -> Any:
        """A principal without policies: MiniStack then allows whoever has authenticated, and `enforce` decides."""
        verified = _verified.get()
        if credential is None and verified is not None and verified.access_key_id == access_key:
            credential = verified
        account = self._responses._account_from_sts_session(access_key) or account
        found = credential or self._evaluator.resolve_credential(access_key, account)
        if isinstance(found, self._evaluator.CredentialResolutionError):
            return self._evaluator.AuthError(found.code, found.message)
        _credential.set(found)
        return self._evaluator.PrincipalInfo(found.principal_arn, found.principal_type, found.account_id, None)

    def enforce(
        self,
        access_key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """In MiniStack's terms: None when allowed, an AuthError, or an EvalResult of a denial."""
        _credential.set(None)
        failure = self._authenticate(access_key, action, service, region, resource_arn, service_context)
        credential = _credential.get()
        if failure is not None or credential is None or credential.principal_type == "Root":
            return failure
        text = self.denial(credential, action, resource_arn, region, service_context)
        for right in seen.get().rights if text is None else ():
            text = text or self.denial(credential, right.action, right.resource, region, right.keys)
        if text is None:
            return None
        _denial.set(text)
        return self._evaluator.EvalResult("ImplicitDeny", principal_arn=credential.principal_arn)

    def _action_of(self, service: str, *arguments: Any) -> str | None:
        """The action of a request; one that MiniStack has no name for gets a name that is denied, not no check."""
        action = self._extract_action(service, *arguments)
        if service == "lambda":  # MiniStack's own names are wrong for some: PutFunctionEventInvokeConfig, for one
            method, path, *_ = arguments
            found = rest.route(wire.service_model("lambda"), method, path)
            action = f"lambda:{LAMBDA_ACTIONS.get(found[0].name, found[0].name)}" if found else action
        if action is None and not self._evaluator._anonymous.get():
            return f"{service}:{UNMAPPED}"
        return action

    def _resource_of(self, service: str, method: str, path: str, headers: Any, body: bytes, params: Any, *where: Any):
        """The ARN of a request; a function or a policy that is to be created has one already, which MiniStack omits."""
        found = self._extract_resource(service, method, path, headers, body, params, *where)
        region, account = where
        if service == "lambda" and found == "*" and method == "POST" and path.rstrip("/").endswith("/functions"):
            name = self._actions._safe_json_field(body, "FunctionName")
            return name if name.startswith("arn:") else f"arn:aws:lambda:{region}:{account}:function:{name}"
        if service == "iam" and found == "*" and self._actions._query_param(params, "Action") == "CreatePolicy":
            name = self._actions._query_param(params, "Path") or "/"
            return f"arn:aws:iam::{account}:policy{name}{self._actions._query_param(params, 'PolicyName')}"
        return found

    def _denied_response(self, *arguments: Any, **named: Any) -> Any:
        if not named.get("error_code") and not named.get("message"):
            named["message"] = _denial.get()
        return self._respond(*arguments, **named)

    def _evaluate_trust_policy(self, document: Any, caller_arn: str, context: Any = None) -> bool:
        """Whether a role trusts a caller. `enforce` has decided sts:AssumeRole for all but the root user."""
        if context is None or context.action != "sts:AssumeRole" or context.principal_type == "Root":
            return self._trusts(document, caller_arn, context)
        return True

    # ---- decisions

    def denial(
        self, credential: Any, action: str, resource: str, region: str, keys: Mapping[str, Any] | None
    ) -> str | None:
        """Why a principal may not do something, in AWS's words; None when it may. The decision is recorded."""
        role = self._role(credential) if credential.principal_type == "AssumedRole" else None
        principal = self._principal(credential, role)
        if action.endswith(f":{UNMAPPED}"):
            decision = Decision(False, Kind.IDENTITY)
            request = Request(principal, action, resource, {}, region)
            self._note(request, Policies(), decision)
            return f"{denial_message(request, decision)}: the local AWS knows no action for this request"
        known = self._keys(keys)
        if action.startswith("iam:") and ":role/" in resource and "iam:permissionsboundary" not in known:
            named = self._iam._roles.get_scoped(principal.account, None, resource.rpartition("/")[2]) or {}
            known["iam:permissionsboundary"] = named.get("PermissionsBoundary") or None
        request = Request(principal, action, resource, known, region, lambda: self._tags(resource))
        policies = self._policies(credential, role, request)
        decision = evaluate(request, policies)
        self._note(request, policies, decision)
        return None if decision.allowed else denial_message(request, decision)

    def service_denial(self, service: str, action: str, resource: str, keys: Mapping[str, Any]) -> str | None:
        """Why a service may not do something in its own name: only the resource's policy can let it."""
        given = {name.lower(): value for name, value in keys.items()}
        request = Request(Principal(service, "", "Service"), action, resource, {"aws:securetransport": True, **given})
        document, owner, kind = self._resource_policy(request, resource)
        statements = self._parsed(document, f"the policy of {resource}") if document else ()
        policies = Policies(resource=statements, owner=owner, resource_kind=kind)
        decision = evaluate(request, policies)
        if decision.allowed:
            return None
        self._note(request, policies, decision)
        return denial_message(request, decision)

    def callers_denial(self, action: str, resource: str) -> str | None:
        """Why the caller of the request at hand may not do something more than it has asked for."""
        credential = _credential.get()
        if credential is None or credential.principal_type == "Root":
            return None
        return self.denial(credential, action, resource, self._responses.get_region(), {})

    def role_denial(self, role_arn: str, session_name: str, action: str, resource: str) -> str | None:
        """Why a role may not do something that a service does in its name."""
        account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        session = f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}"
        credential = self._evaluator.ResolvedCredential("", "", account, session, name, "AssumedRole")
        return self.denial(credential, action, resource, self._responses.get_region(), {})

    def mfa_seed(self, serial: str) -> str | None:
        device = self._iam._mfa_devices.get(serial)
        return device["Base32StringSeed"] if device else None

    def _note(self, request: Request, policies: Policies, decision: Decision) -> None:
        if self._record is not None:
            self._record.add(request, decision, None if decision.allowed else explain(request, policies, decision))

    def _keys(self, keys: Mapping[str, Any] | None) -> dict[str, Any]:
        address, encrypted = self._evaluator._request_origin.get()
        return {
            "aws:sourceip": address,
            "aws:securetransport": encrypted,
            **{name.lower(): value for name, value in (keys or {}).items()},
            **seen.get().keys,
        }

    def _tags(self, resource: str) -> Mapping[str, str]:
        return self._tagging.resource_tags(resource) or {}

    def _principal(self, credential: Any, role: Mapping[str, Any] | None) -> Principal:
        role_arn = (role or {}).get("Arn", "")
        keys = _Lazy(lambda: self._evaluator._principal_keys(credential))
        return Principal(credential.principal_arn, credential.account_id, credential.principal_type, role_arn, keys)

    def _role(self, credential: Any) -> dict[str, Any] | None:
        name = self._evaluator._role_name_from_assumed_arn(credential.principal_arn)
        return self._iam._roles.get_scoped(credential.account_id, None, name)

    # ---- the policies that have a say

    def _policies(self, credential: Any, role: Mapping[str, Any] | None, request: Request) -> Policies:
        account, resource = request.principal.account, request.resource
        boundary_arn, identity = None, ()
        if credential.principal_type == "AssumedRole":
            role = role or {}
            boundary_arn = role.get("PermissionsBoundary")
            identity = self._attached(role, role.get("InlinePolicies"), account)
        elif credential.principal_type == "User" or self._federated_by(credential):
            name = credential.principal_name or self._federated_by(credential)
            user = self._iam._users.get_scoped(account, None, name) or {}
            boundary_arn = user.get("PermissionsBoundary")
            identity = self._user_policies(name, user, account)
        elif credential.principal_type == "FederatedUser":  # of the account's root user, who may do everything
            identity = parse({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, "root")
        boundary = self._managed(boundary_arn, account) if boundary_arn else None
        document, owner, kind = self._resource_policy(request, resource)
        return Policies(
            identity,
            boundary,
            self._session(credential, account),
            self._parsed(document, f"the policy of {resource}") if document else None,
            owner,
            kind,
            resource_must_allow=kind is Kind.TRUST or (request.service == "kms" and document is not None),
        )

    def _federated_by(self, credential: Any) -> str:
        session = self._sts._sessions.get(credential.access_key_id) or {}
        return session.get("PrincipalName") or "" if credential.principal_type == "FederatedUser" else ""

    def _user_policies(self, name: str, user: Mapping[str, Any], account: str) -> tuple[Statement, ...]:
        found = self._attached(user, self._iam._user_inline_policies.get(name), account)
        for group_name, group in self._iam._groups.items():
            if name in group.get("Users", ()):
                found += self._attached(group, self._iam._group_inline_policies.get(group_name), account)
        return found

    def _attached(self, owner: Mapping[str, Any], inline: Mapping[str, Any] | None, account: str):
        found: tuple[Statement, ...] = ()
        for name, document in (inline or {}).items():
            found += self._parsed(document, name)
        for arn in owner.get("AttachedPolicies", ()):
            found += self._managed(arn, account)
        return found

    def _managed(self, arn: str, account: str) -> tuple[Statement, ...]:
        document = self._evaluator._resolve_managed_policy_document(arn, account)
        return self._parsed(document, arn.rpartition("/")[2]) if document else ()

    def _session(self, credential: Any, account: str) -> tuple[Statement, ...] | None:
        passed = (self._sts._sessions.get(credential.access_key_id) or {}).get("SessionPolicies")
        if passed is None:
            return None
        found: tuple[Statement, ...] = ()
        if passed.get("Policy"):
            found += self._parsed(passed["Policy"], "session")
        for arn in passed.get("PolicyArns") or ():
            found += self._managed(arn, account)
        return found

    def _resource_policy(self, request: Request, resource: str) -> tuple[Any, str | None, Kind]:
        """The policy of the resource, the account that owns it, and whether it is a role's trust policy."""
        if request.action in ("sts:AssumeRole", "sts:TagSession"):
            account, name = resource.split(":")[4], resource.rpartition("/")[2]
            role = self._iam._roles.get_scoped(account, None, name) or {}
            return role.get("AssumeRolePolicyDocument"), account, Kind.TRUST
        found = self._evaluator._resource_policy(request.service, resource)
        if found is None and "s3:dataaccesspointarn" in request.keys:
            found = self._s3.access_point_policy_for_arn(resource)
        document, owner = found or (None, None)
        return document, owner, Kind.RESOURCE

    @staticmethod
    def _parsed(document: Any, name: str) -> tuple[Statement, ...]:
        try:
            return parse(document, name)
        except MalformedPolicy:  # MiniStack stores what AWS would have refused: it allows nothing
            return ()
