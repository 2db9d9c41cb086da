"""What lab 18 asks for: of 20 calls, each ends as it should."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from lakelab.practice import Work, Wrong

BUCKET, NEIGHBOUR, OTHER = "lab-day-18-lake", "lab-day-18-lake-payroll", "lab-day-18-other"
COLLEAGUE, STRANGER, READER, ADMIN = (f"lab-day-18-{name}" for name in ("colleague", "stranger", "reader", "admin"))
KEY = "reports/2025.csv"
EXTERNAL_ID = "reports"
DENIED = ("AccessDenied", "AccessDeniedException", "403")


def prepare(work: Work) -> None:
    """The rest of the account: two other buckets, a role of administrators and another user."""
    s3 = work.client("s3")
    for label in ("lake", "lake-payroll", "other"):
        bucket = work.bucket(label)
        s3.put_object(Bucket=bucket, Key=KEY, Body=b"month,cents\n2025-01,1\n")


def check_documents(work: Work) -> str:
    """AWS takes the three documents."""
    _Account.of(work)
    return "a role with its trust and its policy, and a user with his"


def check_calls(work: Work) -> str:
    """20 calls end as they should."""
    account, wrong, took = _Account.of(work), [], 0.0
    for who, what, asked, call in account.calls():
        began = time.perf_counter()
        try:
            call()
            found, why = True, ""
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
            if code in DENIED:
                found, why = False, f" ({message[:300]})"
            elif code.startswith("NoSuch"):  # who learns that there is none was allowed to ask
                found, why = True, ""
            else:
                raise
        took += time.perf_counter() - began
        if found != asked:
            told, should = ("allowed", "denied") if found else ("denied", "allowed")
            wrong.append(f"{who}, {what}: {told}; it must be {should}{why}")
    count = len(list(account.calls()))
    work.measure("calls that end as they should", count - len(wrong), f"of {count}")
    work.measure("a call, with IAM enforced", took / count * 1000, "ms")
    if wrong:
        raise Wrong("\n".join(wrong))
    return f"{count} calls"


@dataclass
class _Account:
    """The users and roles that the learner's documents and ours make."""

    work: Work
    keys: dict[str, tuple[str, str]]

    @classmethod
    def of(cls, work: Work) -> _Account:
        iam = work.client("iam")
        _remove(iam)
        keys: dict[str, tuple[str, str]] = {}
        anything = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
        documents = {COLLEAGUE: work.read("colleague.json"), STRANGER: _document(anything)}
        for user in (COLLEAGUE, STRANGER):
            iam.create_user(UserName=user)
            made = iam.create_access_key(UserName=user)["AccessKey"]
            keys[user] = (made["AccessKeyId"], made["SecretAccessKey"])
        work.cleanup.callback(_remove, iam)
        root = f"arn:aws:iam::{work.config.account}:root"
        trust_all = _document({"Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole"})
        iam.create_role(RoleName=ADMIN, AssumeRolePolicyDocument=trust_all)
        iam.put_role_policy(RoleName=ADMIN, PolicyName="rights", PolicyDocument=_document({**anything, "Action": "*"}))
        for user, document in documents.items():
            with work.running("colleague.json"):
                iam.put_user_policy(UserName=user, PolicyName="rights", PolicyDocument=document)
        with work.running("trust.json"):
            iam.create_role(RoleName=READER, AssumeRolePolicyDocument=work.read("trust.json"))
        with work.running("reader.json"):
            iam.put_role_policy(RoleName=READER, PolicyName="rights", PolicyDocument=work.read("reader.json"))
        return cls(work, keys)

    def calls(self) -> list[tuple[str, str, bool, Callable[[], Any]]]:
        """Who, what, whether it must be allowed, and the call."""
        object_, version = {"Bucket": BUCKET, "Key": KEY}, self._version
        own = f"arn:aws:iam::{self.work.config.account}:role/"

        def role(service: str) -> Any:
            return self.session(service)

        def take(user: str, name: str, **more: str) -> Any:
            sts = self.client("sts", *self.keys[user])
            return sts.assume_role(RoleArn=own + name, RoleSessionName="lab", **more)

        nobody = self.work.config.endpoint
        anonymous = boto3.client(
            "s3", endpoint_url=nobody, region_name="us-east-1", config=_config(signature_version=UNSIGNED)
        )
        himself = self.client("s3", *self.keys[COLLEAGUE])
        s3 = "in the role"
        return [
            ("as the colleague", "take the role", True, lambda: take(COLLEAGUE, READER, ExternalId=EXTERNAL_ID)),
            ("as the colleague", "take the role without the external id", False, lambda: take(COLLEAGUE, READER)),
            ("as the colleague", "take the administrators' role", False, lambda: take(COLLEAGUE, ADMIN)),
            ("as the colleague", "read an object as himself", False, lambda: himself.get_object(**object_)),
            ("as another user", "take the role", False, lambda: take(STRANGER, READER, ExternalId=EXTERNAL_ID)),
            ("as nobody", "read an object", False, lambda: anonymous.get_object(**object_)),
            (s3, "ask who I am", True, lambda: role("sts").get_caller_identity()),
            (s3, "list the bucket", True, lambda: role("s3").list_objects_v2(Bucket=BUCKET)),
            (s3, "ask for the bucket's region", True, lambda: role("s3").get_bucket_location(Bucket=BUCKET)),
            (s3, "read an object", True, lambda: role("s3").get_object(**object_)),
            (s3, "read a version of an object", True, lambda: role("s3").get_object(**object_, VersionId=version)),
            (s3, "read an object's tags", True, lambda: role("s3").get_object_tagging(**object_)),
            (s3, "write an object", False, lambda: role("s3").put_object(**object_, Body=b"mine")),
            (s3, "delete an object", False, lambda: role("s3").delete_object(**object_)),
            (s3, "read the bucket's policy", False, lambda: role("s3").get_bucket_policy(Bucket=BUCKET)),
            (s3, "list the account's buckets", False, lambda: role("s3").list_buckets()),
            (s3, "list another bucket", False, lambda: role("s3").list_objects_v2(Bucket=OTHER)),
            (s3, "read an object of another bucket", False, lambda: role("s3").get_object(Bucket=OTHER, Key=KEY)),
            (
                s3,
                f"read an object of {NEIGHBOUR}",
                False,
                lambda: role("s3").get_object(Bucket=NEIGHBOUR, Key=KEY),
            ),
            (s3, "list the account's users", False, lambda: role("iam").list_users()),
        ]

    def client(self, service: str, key: str, secret: str, token: str | None = None) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.work.config.endpoint,
            region_name=self.work.config.region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=_config(),
        )

    def session(self, service: str) -> Any:
        """A client of the role's session."""
        return self.client(service, *self._credentials)

    @cached_property
    def _credentials(self) -> tuple[str, str, str]:
        """Of the role: as the colleague takes it, or, where he cannot, as the lab's root gives it to him."""
        sts = self.client("sts", *self.keys[COLLEAGUE])
        arn = f"arn:aws:iam::{self.work.config.account}:role/{READER}"
        try:
            found = sts.assume_role(RoleArn=arn, RoleSessionName="lab", ExternalId=EXTERNAL_ID)["Credentials"]
        except ClientError as error:
            raise Wrong(f"the colleague cannot take the role, so that nothing can be tried in it: {error}") from error
        return found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]

    @cached_property
    def _version(self) -> str:
        found = self.work.client("s3").head_object(Bucket=BUCKET, Key=KEY)
        return found.get("VersionId", "null")


def _config(**more: Any) -> Config:
    return Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, **more)


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _remove(iam: Any) -> None:
    """What an earlier check left."""
    for user in {each["UserName"] for each in iam.list_users()["Users"]} & {COLLEAGUE, STRANGER}:
        for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
        for name in iam.list_user_policies(UserName=user)["PolicyNames"]:
            iam.delete_user_policy(UserName=user, PolicyName=name)
        iam.delete_user(UserName=user)
    for role in {each["RoleName"] for each in iam.list_roles()["Roles"]} & {READER, ADMIN}:
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            iam.delete_role_policy(RoleName=role, PolicyName=name)
        iam.delete_role(RoleName=role)
