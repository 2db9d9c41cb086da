"""KMS keys and aliases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakelab.deploy.provider.clients import Aws, is_absent, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, pages, tag_changes, tag_dict, tag_list
from lakelab.deploy.provider.schema import Mistake
from lakelab.deploy.values import UNKNOWN

_TAG = ("TagKey", "TagValue")


class Key(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/kms/key/"""

    type = "aws:kms/key:Key"
    service = "kms"
    shape = "CreateKey"
    renames = {"customerMasterKeySpec": "KeySpec"}
    properties = {
        "description": P(computed=True),
        "customerMasterKeySpec": P(replaces=True, default="SYMMETRIC_DEFAULT"),
        "keyUsage": P(replaces=True, default="ENCRYPT_DECRYPT"),
        "multiRegion": P(replaces=True, computed=True),
        "bypassPolicyLockoutSafetyCheck": P(local=True, default=False),
        "deletionWindowInDays": P(local=True, low=7, high=30),
        "enableKeyRotation": P(default=False, custom=True),
        "rotationPeriodInDays": P(computed=True, low=90, high=2560, custom=True),
        "isEnabled": P(default=True, custom=True),
        "policy": P(computed=True, json=True),
        "tags": TAGS,
        "region": REGION,
    }

    def find(self, aws: Aws, inputs: Inputs) -> str | None:
        kms = self.client(aws, inputs)
        for item in pages(kms.list_keys, "Keys", more="NextMarker", sends="Marker"):
            if item["KeyId"] in inputs.get("__known", ()):
                continue
            key = kms.describe_key(KeyId=item["KeyId"])["KeyMetadata"]
            if key["KeyState"] == "Enabled" and key.get("Description", "") == inputs.get("description", ""):
                tags = tag_dict(kms.list_resource_tags(KeyId=item["KeyId"]).get("Tags"), *_TAG)
                if tags == (inputs.get("tagsAll") or {}):
                    return item["KeyId"]
        return None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        kms = self.client(aws, inputs)
        bypass = {"BypassPolicyLockoutSafetyCheck": True} if inputs.get("bypassPolicyLockoutSafetyCheck") else {}
        tags = tag_list(inputs.get("tagsAll"), *_TAG)
        id = kms.create_key(**self.request("CreateKey", inputs), **bypass, Tags=tags)["KeyMetadata"]["KeyId"]
        if inputs.get("enableKeyRotation"):
            self._rotate(kms, id, inputs)
        if inputs.get("isEnabled") is False:
            kms.disable_key(KeyId=id)
        return id

    @staticmethod
    def _rotate(kms: Any, id: str, inputs: Inputs) -> None:
        period = {"RotationPeriodInDays": inputs["rotationPeriodInDays"]} if inputs.get("rotationPeriodInDays") else {}
        kms.enable_key_rotation(KeyId=id, **period)

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        kms = self.client(aws, inputs)
        answer = unless_absent(kms.describe_key, KeyId=id)
        if answer is None or answer["KeyMetadata"]["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion"):
            return None
        key = answer["KeyMetadata"]
        rotation = kms.get_key_rotation_status(KeyId=id) if key.get("KeySpec") == "SYMMETRIC_DEFAULT" else {}
        found = {
            **self.outputs(key),
            "keyId": key["KeyId"],
            "isEnabled": key["Enabled"],
            "enableKeyRotation": rotation.get("KeyRotationEnabled", False),
            "policy": kms.get_key_policy(KeyId=id, PolicyName="default")["Policy"],
            "region": kms.meta.region_name,
            "tagsAll": tag_dict(kms.list_resource_tags(KeyId=id).get("Tags"), *_TAG),
        }
        if rotation.get("RotationPeriodInDays"):
            found["rotationPeriodInDays"] = rotation["RotationPeriodInDays"]
        return found

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        kms = self.client(aws, new)
        if new.get("isEnabled", True) and "isEnabled" in changed:
            kms.enable_key(KeyId=id)
        if "description" in changed:
            kms.update_key_description(KeyId=id, Description=new.get("description", ""))
        if "policy" in changed and "policy" in new:
            kms.put_key_policy(KeyId=id, PolicyName="default", Policy=new["policy"])
        if {"enableKeyRotation", "rotationPeriodInDays"} & changed:
            if new.get("enableKeyRotation"):
                self._rotate(kms, id, new)
            else:
                kms.disable_key_rotation(KeyId=id)
        added, removed = tag_changes(old, new)
        if added:
            kms.tag_resource(KeyId=id, Tags=tag_list(added, *_TAG))
        if removed:
            kms.untag_resource(KeyId=id, TagKeys=removed)
        if new.get("isEnabled") is False and "isEnabled" in changed:
            kms.disable_key(KeyId=id)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        from botocore.exceptions import ClientError

        kms = self.client(aws, inputs)
        try:
            kms.schedule_key_deletion(KeyId=id, PendingWindowInDays=inputs.get("deletionWindowInDays") or 30)
        except ClientError as error:
            pending = error.response.get("Error", {}).get("Code") == "KMSInvalidStateException"
            if not pending and not is_absent(error):
                raise


class Alias(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/kms/alias/"""

    type = "aws:kms/alias:Alias"
    service = "kms"
    name = "name"
    name_start = "alias/"
    properties = {
        "name": P(replaces=True, custom=True),
        "namePrefix": P(replaces=True, local=True),
        "targetKeyId": P(custom=True),
        "region": REGION,
    }

    def check(self, inputs: Inputs) -> Iterator[Mistake]:
        name = inputs.get("name", UNKNOWN)
        if name != UNKNOWN and not name.startswith("alias/"):
            yield Mistake("name", f"must begin with alias/, not {name!r}")

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.client(aws, inputs).create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        kms = self.client(aws, inputs)
        for alias in pages(kms.list_aliases, "Aliases", more="NextMarker", sends="Marker"):
            if alias["AliasName"] == id:
                key = alias.get("TargetKeyId", "")
                wanted = inputs.get("targetKeyId", key)
                arn = f"arn:{aws.partition}:kms:{kms.meta.region_name}:{aws.account}:key/{key}"
                return {
                    "name": id,
                    "arn": alias["AliasArn"],
                    "targetKeyId": wanted if wanted in (key, arn) else key,
                    "targetKeyArn": arn,
                    "region": kms.meta.region_name,
                }
        return None

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self.client(aws, new).update_alias(AliasName=id, TargetKeyId=new["targetKeyId"])

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_alias, AliasName=id)


TYPES = (Key, Alias)
