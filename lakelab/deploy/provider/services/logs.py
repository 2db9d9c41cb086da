"""CloudWatch log groups."""

from __future__ import annotations

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, tag_changes


class LogGroup(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/cloudwatch/loggroup/"""

    type = "aws:cloudwatch/logGroup:LogGroup"
    service = "logs"
    name = "name"
    name_limit = 512
    shape = ("CreateLogGroup", "PutRetentionPolicy")
    renames = {"name": "logGroupName"}
    properties = {
        "name": P(replaces=True),
        "namePrefix": P(replaces=True, local=True),
        "retentionInDays": P(default=0, custom=True),
        "kmsKeyId": P(),
        "logGroupClass": P(replaces=True, computed=True),
        "skipDestroy": P(local=True, default=False),
        "tags": TAGS,
        "region": REGION,
    }

    def create(self, aws: Aws, inputs: Inputs) -> str:
        logs = self.client(aws, inputs)
        tags = {"tags": inputs["tagsAll"]} if inputs.get("tagsAll") else {}
        logs.create_log_group(**self.request("CreateLogGroup", inputs), **tags)
        if inputs.get("retentionInDays"):
            logs.put_retention_policy(logGroupName=inputs["name"], retentionInDays=inputs["retentionInDays"])
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        logs = self.client(aws, inputs)
        for group in logs.describe_log_groups(logGroupNamePrefix=id)["logGroups"]:
            if group["logGroupName"] == id:
                arn = group["arn"].removesuffix(":*")
                return {
                    **self.outputs(group),
                    "arn": arn,
                    "retentionInDays": group.get("retentionInDays", 0),
                    "region": logs.meta.region_name,
                    "tagsAll": logs.list_tags_for_resource(resourceArn=arn).get("tags") or {},
                }
        return None

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        logs = self.client(aws, new)
        if "retentionInDays" in changed:
            if new.get("retentionInDays"):
                logs.put_retention_policy(logGroupName=id, retentionInDays=new["retentionInDays"])
            else:
                logs.delete_retention_policy(logGroupName=id)
        if "kmsKeyId" in changed:
            if new.get("kmsKeyId"):
                logs.associate_kms_key(logGroupName=id, kmsKeyId=new["kmsKeyId"])
            else:
                logs.disassociate_kms_key(logGroupName=id)
        added, removed = tag_changes(old, new)
        arn = f"arn:{aws.partition}:logs:{logs.meta.region_name}:{aws.account}:log-group:{id}"
        if added:
            logs.tag_resource(resourceArn=arn, tags=added)
        if removed:
            logs.untag_resource(resourceArn=arn, tagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        if not inputs.get("skipDestroy"):
            unless_absent(self.client(aws, inputs).delete_log_group, logGroupName=id)


TYPES = (LogGroup,)
