"""Parameters of Systems Manager's parameter store."""

from __future__ import annotations

from collections.abc import Iterator

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, tag_changes, tag_dict, tag_list
from lakelab.deploy.provider.schema import Mistake


class Parameter(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/ssm/parameter/"""

    type = "aws:ssm/parameter:Parameter"
    service = "ssm"
    name = "name"
    name_limit = 1011
    shape = "PutParameter"
    properties = {
        "name": P(replaces=True),
        "type": P(),
        "value": P(computed=True),
        "insecureValue": P(custom=True, computed=True),
        "allowedPattern": P(),
        "dataType": P(replaces=True, computed=True),
        "description": P(),
        "keyId": P(computed=True),
        "tier": P(computed=True),
        "overwrite": P(local=True),
        "tags": TAGS,
        "region": REGION,
    }
    volatile = ("version",)

    def check(self, inputs: Inputs) -> Iterator[Mistake]:
        given = {"value", "insecureValue"} & set(inputs)
        if len(given) != 1:
            yield Mistake("value", "exactly one of value or insecureValue is required")

    def _put(self, aws: Aws, inputs: Inputs, *, overwrite: bool) -> None:
        request = self.request("PutParameter", inputs)
        if "insecureValue" in inputs:
            request["Value"] = inputs["insecureValue"]
        self.client(aws, inputs).put_parameter(**request, Overwrite=overwrite)

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self._put(aws, inputs, overwrite=bool(inputs.get("overwrite")))
        if inputs.get("tagsAll"):
            self._tag(aws, inputs, inputs["tagsAll"])
        return inputs["name"]

    def _tag(self, aws: Aws, inputs: Inputs, tags: dict[str, str]) -> None:
        add = self.client(aws, inputs).add_tags_to_resource
        add(ResourceType="Parameter", ResourceId=inputs["name"], Tags=tag_list(tags))

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        ssm = self.client(aws, inputs)
        answer = unless_absent(ssm.get_parameter, Name=id, WithDecryption=True)
        if answer is None:
            return None
        filters = [{"Key": "Name", "Option": "Equals", "Values": [id]}]
        details = ssm.describe_parameters(ParameterFilters=filters)["Parameters"]
        tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=id)
        parameter = answer["Parameter"]
        found = self.outputs({**(details[0] if details else {}), **parameter})
        if "insecureValue" in inputs:
            found["insecureValue"] = parameter["Value"]
        return {**found, "arn": parameter["ARN"], "region": ssm.meta.region_name} | {
            "tagsAll": tag_dict(tags["TagList"])
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        if changed - {"tags", "tagsAll"}:
            self._put(aws, {"description": "", **new} if "description" in changed else new, overwrite=True)
        added, removed = tag_changes(old, new)
        if added:
            self._tag(aws, new, added)
        if removed:
            remove = self.client(aws, new).remove_tags_from_resource
            remove(ResourceType="Parameter", ResourceId=id, TagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_parameter, Name=id)

    def secret_outputs(self) -> tuple[str, ...]:
        return ("value",)


TYPES = (Parameter,)
