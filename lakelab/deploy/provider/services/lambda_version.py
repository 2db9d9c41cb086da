"""Versions of Lambda things: aliases of functions, and layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakelab.deploy.assets import zip_bytes
from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, Inputs, P, Resource
from lakelab.deploy.provider.schema import Mistake
from lakelab.deploy.provider.services.lambda_ import sha256


class Alias(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/lambda/alias/. Its id is the ARN."""

    type = "aws:lambda/alias:Alias"
    service = "lambda"
    name = "name"
    name_limit = 128
    shape = "CreateAlias"
    properties = {
        "name": P(replaces=True),
        "functionName": P(replaces=True),
        "functionVersion": P(),
        "description": P(),
        "routingConfig": P(),
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return None

    def find(self, aws: Aws, inputs: Inputs) -> str | None:
        get = self.client(aws, inputs).get_alias
        answer = unless_absent(get, FunctionName=inputs["functionName"], Name=inputs["name"])
        return answer["AliasArn"] if answer else None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        return self.client(aws, inputs).create_alias(**self.request(self.shapes[0], inputs))["AliasArn"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        function, name = id.rsplit(":", 1)
        answer = unless_absent(client.get_alias, FunctionName=function, Name=name)
        if answer is None:
            return None
        region = client.meta.region_name
        wanted = inputs.get("functionName", "")
        return {
            **self.outputs(answer),
            # AWS takes a function's name or ARN
            "functionName": wanted if wanted and function.endswith(wanted) else function,
            "arn": id,
            "invokeArn": f"arn:{aws.partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{id}/invocations",
            "region": region,
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        request = {"Description": "", "RoutingConfig": {}, **self.request(self.shapes[0], new)}
        self.client(aws, new).update_alias(**request)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        remove = self.client(aws, inputs).delete_alias
        unless_absent(remove, FunctionName=inputs["functionName"], Name=inputs["name"])


class LayerVersion(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/lambda/layerversion/

    Its id is the ARN with the version. A version is never changed: every change publishes another.
    """

    type = "aws:lambda/layerVersion:LayerVersion"
    service = "lambda"
    shape = "PublishLayerVersion"
    properties = {
        "layerName": P(replaces=True),
        "code": P(replaces=True, custom=True, blind=True),
        "s3Bucket": P(replaces=True, custom=True, blind=True),
        "s3Key": P(replaces=True, custom=True, blind=True),
        "s3ObjectVersion": P(replaces=True, custom=True, blind=True),
        "compatibleArchitectures": P(replaces=True, unordered=True),
        "compatibleRuntimes": P(replaces=True, unordered=True),
        "description": P(replaces=True),
        "licenseInfo": P(replaces=True),
        "skipDestroy": P(local=True, default=False),
        "sourceCodeHash": P(replaces=True, local=True, computed=True),
        "region": REGION,
    }

    def check(self, inputs: Inputs) -> Iterator[Mistake]:
        if ("code" in inputs) == ("s3Bucket" in inputs):
            yield Mistake("code", "exactly one of code or s3Bucket is required")

    def find(self, aws: Aws, inputs: Inputs) -> str | None:
        client = self.client(aws, inputs)
        name = inputs["layerName"]
        wanted = sha256(zip_bytes(inputs["code"])) if "code" in inputs else None
        for item in client.list_layer_versions(LayerName=name)["LayerVersions"]:
            if item["LayerVersionArn"] not in inputs.get("__known", ()):
                content = client.get_layer_version(LayerName=name, VersionNumber=item["Version"])["Content"]
                if content.get("CodeSha256") == wanted:
                    return item["LayerVersionArn"]
        return None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        if "code" in inputs:
            content: dict[str, Any] = {"ZipFile": zip_bytes(inputs["code"])}
        else:
            names = {"s3Bucket": "S3Bucket", "s3Key": "S3Key", "s3ObjectVersion": "S3ObjectVersion"}
            content = {member: inputs[name] for name, member in names.items() if name in inputs}
        publish = self.client(aws, inputs).publish_layer_version
        return publish(**self.request(self.shapes[0], inputs), Content=content)["LayerVersionArn"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        layer, version = id.rsplit(":", 1)
        name = layer.rsplit(":", 1)[-1]
        answer = unless_absent(client.get_layer_version, LayerName=name, VersionNumber=int(version))
        if answer is None:
            return None
        return {
            **self.outputs(answer),
            "layerName": name,
            "arn": id,
            "layerArn": layer,
            "version": version,
            "codeSha256": answer["Content"].get("CodeSha256"),
            "sourceCodeSize": answer["Content"].get("CodeSize"),
            "region": client.meta.region_name,
        }

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        name, version = id.split(":")[-2:]
        if not inputs.get("skipDestroy"):
            self.client(aws, inputs).delete_layer_version(LayerName=name, VersionNumber=int(version))


TYPES = (Alias, LayerVersion)
