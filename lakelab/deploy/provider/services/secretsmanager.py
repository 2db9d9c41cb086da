"""Secrets Manager secrets and their values."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, pages, tag_changes, tag_dict, tag_list
from lakelab.deploy.provider.schema import Mistake


class Secret(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/secretsmanager/secret/. Its id is the ARN."""

    type = "aws:secretsmanager/secret:Secret"
    service = "secretsmanager"
    name = "name"
    name_limit = 512
    shape = "CreateSecret"
    properties = {
        "name": P(replaces=True),
        "namePrefix": P(replaces=True, local=True),
        "description": P(),
        "kmsKeyId": P(),
        "policy": P(computed=True, json=True, custom=True),
        "recoveryWindowInDays": P(local=True, default=30),
        "forceOverwriteReplicaSecret": P(local=True, default=False),
        "tags": TAGS,
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        client = self.client(aws, inputs)
        answer = unless_absent(client.describe_secret, SecretId=inputs["name"]) if inputs.get("name") else None
        return answer["ARN"] if answer and not answer.get("DeletedDate") else None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        client = self.client(aws, inputs)
        arn = client.create_secret(**self.request("CreateSecret", inputs), Tags=tag_list(inputs.get("tagsAll")))["ARN"]
        if inputs.get("policy"):
            client.put_resource_policy(SecretId=arn, ResourcePolicy=inputs["policy"])
        return arn

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        answer = unless_absent(client.describe_secret, SecretId=id)
        if answer is None or answer.get("DeletedDate"):
            return None
        policy = unless_absent(client.get_resource_policy, SecretId=id) or {}
        found = {
            **self.outputs(answer),
            "arn": answer["ARN"],
            "region": client.meta.region_name,
            "tagsAll": tag_dict(answer.get("Tags")),
        }
        return {**found, "policy": policy["ResourcePolicy"]} if policy.get("ResourcePolicy") else found

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        client = self.client(aws, new)
        if {"description", "kmsKeyId"} & changed:
            cleared = {"Description": "", **({"KmsKeyId": ""} if "kmsKeyId" in changed else {})}
            request = {**cleared, **self.request("UpdateSecret", new, {"description", "kmsKeyId"})}
            client.update_secret(SecretId=id, **request)
        if "policy" in changed and new.get("policy"):
            client.put_resource_policy(SecretId=id, ResourcePolicy=new["policy"])
        added, removed = tag_changes(old, new)
        if added:
            client.tag_resource(SecretId=id, Tags=tag_list(added))
        if removed:
            client.untag_resource(SecretId=id, TagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        days = inputs.get("recoveryWindowInDays", 30)
        when = {"ForceDeleteWithoutRecovery": True} if days == 0 else {"RecoveryWindowInDays": days}
        unless_absent(self.client(aws, inputs).delete_secret, SecretId=id, **when)


class SecretVersion(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/secretsmanager/secretversion/

    Its id is `<ARN>|<version>`.
    """

    type = "aws:secretsmanager/secretVersion:SecretVersion"
    service = "secretsmanager"
    properties = {
        "secretId": P(replaces=True, custom=True),
        "secretString": P(replaces=True, custom=True),
        "secretBinary": P(replaces=True, custom=True),
        "versionStages": P(computed=True, unordered=True, custom=True),
        "region": REGION,
    }

    def check(self, inputs: Inputs) -> Iterator[Mistake]:
        if not {"secretString", "secretBinary"} & set(inputs):
            yield Mistake("secretString", "one of secretString or secretBinary is required")

    def find(self, aws: Aws, inputs: Inputs) -> str | None:
        client = self.client(aws, inputs)
        versions = pages(
            client.list_secret_version_ids,
            "Versions",
            more="NextToken",
            SecretId=inputs["secretId"],
        )
        for version in versions:
            id = f"{inputs['secretId']}|{version['VersionId']}"
            value = unless_absent(client.get_secret_value, SecretId=inputs["secretId"], VersionId=version["VersionId"])
            if (
                value
                and value.get("SecretString") == inputs.get("secretString")
                and id not in inputs.get("__known", ())
            ):
                return id
        return None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        request: dict[str, Any] = {"SecretId": inputs["secretId"]}
        if "secretBinary" in inputs:
            request["SecretBinary"] = base64.b64decode(inputs["secretBinary"])
        else:
            request["SecretString"] = inputs["secretString"]
        if inputs.get("versionStages"):
            request["VersionStages"] = inputs["versionStages"]
        answer = self.client(aws, inputs).put_secret_value(**request)
        return f"{inputs['secretId']}|{answer['VersionId']}"

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        secret, version = id.rsplit("|", 1)
        answer = unless_absent(client.get_secret_value, SecretId=secret, VersionId=version)
        if answer is None:
            return None
        found: Inputs = {
            "secretId": secret,
            "arn": answer["ARN"],
            "secretArn": answer["ARN"],
            "versionId": version,
            "versionStages": sorted(answer.get("VersionStages") or []),
            "region": client.meta.region_name,
        }
        if "SecretBinary" in answer:
            found["secretBinary"] = base64.b64encode(answer["SecretBinary"]).decode()
        else:
            found["secretString"] = answer.get("SecretString", "")
        return found

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        client = self.client(aws, new)
        secret, version = id.rsplit("|", 1)
        had, wanted = set(old.get("versionStages") or ()), set(new.get("versionStages") or ())
        for stage in sorted(wanted - had):
            client.update_secret_version_stage(SecretId=secret, VersionStage=stage, MoveToVersionId=version)
        for stage in sorted(had - wanted - {"AWSCURRENT"}):
            client.update_secret_version_stage(SecretId=secret, VersionStage=stage, RemoveFromVersionId=version)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        client = self.client(aws, inputs)
        secret, version = id.rsplit("|", 1)
        answer = unless_absent(client.describe_secret, SecretId=secret)
        stages = ((answer or {}).get("VersionIdsToStages") or {}).get(version, [])
        for stage in stages:
            if stage != "AWSCURRENT":  # the current stage goes only with the secret itself
                client.update_secret_version_stage(SecretId=secret, VersionStage=stage, RemoveFromVersionId=version)

    def secret_outputs(self) -> tuple[str, ...]:
        return ("secretString", "secretBinary")


class SecretPolicy(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/secretsmanager/secretpolicy/. Its id is the secret's."""

    type = "aws:secretsmanager/secretPolicy:SecretPolicy"
    service = "secretsmanager"
    shape = "PutResourcePolicy"
    renames = {"secretArn": "SecretId", "policy": "ResourcePolicy"}
    properties = {
        "secretArn": P(replaces=True),
        "policy": P(json=True),
        "blockPublicPolicy": P(blind=True),
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return inputs.get("secretArn")

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.client(aws, inputs).put_resource_policy(**self.request(self.shapes[0], inputs))
        return inputs["secretArn"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        answer = unless_absent(client.get_resource_policy, SecretId=id)
        if answer is None or not answer.get("ResourcePolicy"):
            return None
        return {"secretArn": id, "policy": answer["ResourcePolicy"], "region": client.meta.region_name}

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_resource_policy, SecretId=id)


TYPES = (Secret, SecretVersion, SecretPolicy)
