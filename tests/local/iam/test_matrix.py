"""The cases of the matrix that S3 requests can express, against the running server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from lakelab.testing import Cloud

MATRIX = Path(__file__).parents[2] / "unit/cloud/iam/matrix.yaml"
BUCKET = "lake"
OBJECTS = ("raw/a.csv", "ann/a.csv", "bob/a.csv")
LISTING = {"s3:prefix": "Prefix", "s3:delimiter": "Delimiter", "s3:max-keys": "MaxKeys"}
ALWAYS = {"aws:SourceIp": "127.0.0.1", "aws:SecureTransport": True}


def expressible(given: dict[str, Any]) -> bool:
    keys = given.get("keys", {})
    key = given.get("resource", f"arn:aws:s3:::{BUCKET}/{OBJECTS[0]}").partition("/")[2]
    return (
        given.get("action", "s3:GetObject") in ("s3:GetObject", "s3:ListBucket")
        and not {"owner", "tags", "trust"} & set(given)
        and given.get("principal", "user") in ("user", "session")
        and all(
            (name in LISTING and value != "" and str(value).isdigit() >= (name == "s3:max-keys"))
            or ALWAYS.get(name) == value
            for name, value in keys.items()
        )
        and (given.get("action") == "s3:ListBucket" or set(keys) & set(LISTING) or key in OBJECTS)
    )


CASES = [
    pytest.param(given, id=name)
    for group in yaml.safe_load(MATRIX.read_text())
    for name, given in group["cases"].items()
    if expressible(given)
]


@pytest.fixture(scope="module")
def keys(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """The keys of ann; the role that some cases take, and the bucket, are there."""
    iam, s3 = cloud.client("iam"), cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.delete_public_access_block(Bucket=BUCKET)  # some cases have a public policy
    for key in OBJECTS:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")
    iam.create_user(UserName="ann")
    trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps({"Statement": trust}))
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    yield made["AccessKeyId"], made["SecretAccessKey"]
    iam.delete_access_key(UserName="ann", AccessKeyId=made["AccessKeyId"])
    iam.delete_user(UserName="ann")
    iam.delete_role(RoleName="reader")
    for key in OBJECTS:
        s3.delete_object(Bucket=BUCKET, Key=key)
    s3.delete_bucket(Bucket=BUCKET)


def test_most_of_the_matrix_can_be_expressed():
    assert len(CASES) >= 120


@pytest.mark.parametrize("given", CASES)
def test_the_server_decides_as_documented(cloud: Cloud, keys: tuple[str, str], given: dict[str, Any]):
    with_policies = Setting(cloud, given)
    try:
        s3 = cloud.client("s3", with_policies.session() or keys)
        assert ask(s3, given) == given["decision"]
    finally:
        with_policies.undo()


class Setting:
    """The policies of a case, put where AWS keeps them."""

    def __init__(self, cloud: Cloud, given: dict[str, Any]):
        self._cloud, self._given = cloud, given
        self._iam, self._s3 = cloud.client("iam"), cloud.client("s3")
        self._undo: list[Any] = []
        kind = "role" if given.get("principal") == "session" else "user"
        self._who = {"RoleName": "reader"} if kind == "role" else {"UserName": "ann"}
        statements = given.get("identity")
        if "condition" in given:
            statements = [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": given["condition"]}]
        if statements:
            self._do(f"put_{kind}_policy", f"delete_{kind}_policy", {"PolicyName": "p"}, statements)
        if "boundary" in given:
            arn = self._iam.create_policy(PolicyName="limit", PolicyDocument=self._document(given["boundary"]))
            arn = arn["Policy"]["Arn"]
            getattr(self._iam, f"put_{kind}_permissions_boundary")(**self._who, PermissionsBoundary=arn)
            self._undo.append(lambda: self._iam.delete_policy(PolicyArn=arn))
            self._undo.append(lambda: getattr(self._iam, f"delete_{kind}_permissions_boundary")(**self._who))
        if "bucket" in given:
            self._s3.put_bucket_policy(Bucket=BUCKET, Policy=self._document(given["bucket"]))
            self._undo.append(lambda: self._s3.delete_bucket_policy(Bucket=BUCKET))
        tags = given.get("principal_tags", {})
        if tags:
            self._iam.tag_user(UserName="ann", Tags=[{"Key": name, "Value": value} for name, value in tags.items()])
            self._undo.append(lambda: self._iam.untag_user(UserName="ann", TagKeys=list(tags)))

    def _do(self, put: str, delete: str, named: dict[str, str], statements: Any) -> None:
        getattr(self._iam, put)(**self._who, **named, PolicyDocument=self._document(statements))
        self._undo.append(lambda: getattr(self._iam, delete)(**self._who, **named))

    def _document(self, statements: Any) -> str:
        return json.dumps({"Version": self._given.get("version", "2012-10-17"), "Statement": statements})

    def session(self) -> tuple[str, str, str] | None:
        if "RoleName" not in self._who:
            return None
        passed = {"Policy": self._document(self._given["session"])} if "session" in self._given else {}
        found = self._cloud.client("sts").assume_role(
            RoleArn="arn:aws:iam::000000000000:role/reader", RoleSessionName="lab", **passed
        )["Credentials"]
        return found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]

    def undo(self) -> None:
        for step in reversed(self._undo):
            step()


def ask(s3: Any, given: dict[str, Any]) -> str:
    keys = {LISTING[name]: value for name, value in given.get("keys", {}).items() if name in LISTING}
    if "MaxKeys" in keys:
        keys["MaxKeys"] = int(keys["MaxKeys"])
    try:
        if keys or given.get("action") == "s3:ListBucket":
            s3.list_objects_v2(Bucket=BUCKET, **keys)
        else:
            key = given.get("resource", f"/{OBJECTS[0]}").partition("/")[2]
            s3.get_object(Bucket=BUCKET, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return "explicitDeny" if "explicit deny" in error.response["Error"]["Message"] else "implicitDeny"
    return "allowed"
