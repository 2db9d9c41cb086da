"""Lambda functions."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any

from lakelab.deploy.assets import zip_bytes
from lakelab.deploy.provider.clients import Aws, Failed, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, tag_changes
from lakelab.deploy.provider.schema import Mistake

SECONDS = 300
CODE = {"code", "s3Bucket", "s3Key", "s3ObjectVersion", "imageUri", "architectures"}
# what UpdateFunctionConfiguration needs to be told to take a setting away
CLEARED: dict[str, Any] = {
    "description": "",
    "environment": {"Variables": {}},
    "layers": [],
    "deadLetterConfig": {"TargetArn": ""},
    "kmsKeyArn": "",
    "vpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
    "tracingConfig": {"Mode": "PassThrough"},
    "ephemeralStorage": {"Size": 512},
    "loggingConfig": {"LogFormat": "Text"},
    "imageConfig": {},
    "snapStart": {"ApplyOn": "None"},
}


class Function(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/lambda/function/"""

    type = "aws:lambda/function:Function"
    service = "lambda"
    name = "name"
    name_limit = 64
    shape = "CreateFunction"
    renames = {
        "name": "FunctionName",
        "commands": "Command",
        "entryPoints": "EntryPoint",
        "lastModified": "LastModified",
    }
    properties = {
        "name": P(replaces=True),
        "role": P(),
        "code": P(custom=True),
        "s3Bucket": P(custom=True, blind=True),
        "s3Key": P(custom=True, blind=True),
        "s3ObjectVersion": P(custom=True, blind=True),
        "imageUri": P(custom=True, blind=True),
        "sourceCodeHash": P(local=True, computed=True),
        "handler": P(),
        "runtime": P(),
        "architectures": P(default=["x86_64"]),
        "description": P(),
        "timeout": P(default=3, low=1, high=900),
        "memorySize": P(default=128, low=128, high=10240),
        "environment": P(),
        "layers": P(),
        "deadLetterConfig": P(),
        "tracingConfig": P(computed=True),
        "ephemeralStorage": P(computed=True),
        "loggingConfig": P(computed=True, filled=("logGroup", "applicationLogLevel", "systemLogLevel")),
        "vpcConfig": P(filled=("vpcId",)),
        "kmsKeyArn": P(),
        "packageType": P(replaces=True, default="Zip"),
        "imageConfig": P(),
        "snapStart": P(computed=True, filled=("optimizationStatus",)),
        "publish": P(default=False, blind=True),
        "reservedConcurrentExecutions": P(default=-1, low=-1, custom=True),
        "skipDestroy": P(local=True, default=False),
        "tags": TAGS,
        "region": REGION,
    }
    volatile = ("codeSha256", "sourceCodeHash", "lastModified", "sourceCodeSize", "version", "qualifiedArn")

    def check(self, inputs: Inputs) -> Iterator[Mistake]:
        if not {"code", "s3Bucket", "imageUri"} & set(inputs):
            yield Mistake("code", "one of code, s3Bucket with s3Key, or imageUri is required")
        if inputs.get("packageType") != "Image":
            for name in ("handler", "runtime"):
                if name not in inputs:
                    yield Mistake(name, "is required for a function of package type Zip")

    def create(self, aws: Aws, inputs: Inputs) -> str:
        client = self.client(aws, inputs)
        code = {key: value for key, value in _code(inputs).items() if key != "Architectures"}
        client.create_function(**self.request("CreateFunction", inputs), Code=code, Tags=inputs.get("tagsAll") or {})
        if inputs.get("reservedConcurrentExecutions", -1) >= 0:
            self._reserve(client, inputs["name"], inputs)
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        answer = unless_absent(client.get_function, FunctionName=id)
        if answer is None:
            return None
        settings = answer["Configuration"]
        settings["Layers"] = [layer["Arn"] for layer in settings.get("Layers", [])]
        arn, region = settings["FunctionArn"], client.meta.region_name
        sha = settings["CodeSha256"]
        found = {
            **self.outputs(settings),
            "arn": arn,
            "invokeArn": f"arn:{aws.partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
            "qualifiedArn": f"{arn}:{settings.get('Version', '$LATEST')}",
            "sourceCodeSize": settings.get("CodeSize"),
            "codeSha256": sha,
            "reservedConcurrentExecutions": answer.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1),
            "region": region,
            "tagsAll": {key: value for key, value in (answer.get("Tags") or {}).items() if not key.startswith("aws:")},
        }
        if "code" in inputs:
            expected = inputs.get("codeSha256") or sha256(zip_bytes(inputs["code"]))
            found["code"] = inputs["code"] if sha == expected else {**inputs["code"], "hash": f"sha256 {sha}"}
        return found

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        client = self.client(aws, new)
        if CODE & changed:
            client.update_function_code(FunctionName=id, Publish=False, **_code(new))
            _wait(client, id)
        settings = changed - CODE - {"tags", "tagsAll", "reservedConcurrentExecutions", "publish"}
        if settings:
            request = self.request("UpdateFunctionConfiguration", new, settings)
            gone = {name for name in settings if name not in new and name in CLEARED}
            request |= {
                f"{name[0].upper()}{name[1:]}" if name != "kmsKeyArn" else "KMSKeyArn": CLEARED[name] for name in gone
            }
            client.update_function_configuration(FunctionName=id, **request)
            _wait(client, id)
        if "reservedConcurrentExecutions" in changed:
            self._reserve(client, id, new)
        added, removed = tag_changes(old, new)
        if added or removed:
            arn = client.get_function_configuration(FunctionName=id)["FunctionArn"]
            if added:
                client.tag_resource(Resource=arn, Tags=added)
            if removed:
                client.untag_resource(Resource=arn, TagKeys=removed)
        if new.get("publish") and (changed - {"tags", "tagsAll"}):
            client.publish_version(FunctionName=id)

    @staticmethod
    def _reserve(client: Any, id: str, inputs: Inputs) -> None:
        wanted = inputs.get("reservedConcurrentExecutions", -1)
        if wanted >= 0:
            client.put_function_concurrency(FunctionName=id, ReservedConcurrentExecutions=wanted)
        else:
            client.delete_function_concurrency(FunctionName=id)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        if not inputs.get("skipDestroy"):
            unless_absent(self.client(aws, inputs).delete_function, FunctionName=id)


def _code(inputs: Inputs) -> dict[str, Any]:
    if "code" in inputs:
        code: dict[str, Any] = {"ZipFile": zip_bytes(inputs["code"])}
    elif "imageUri" in inputs:
        code = {"ImageUri": inputs["imageUri"]}
    else:
        names = {"s3Bucket": "S3Bucket", "s3Key": "S3Key", "s3ObjectVersion": "S3ObjectVersion"}
        code = {member: inputs[name] for name, member in names.items() if name in inputs}
    return {**code, "Architectures": inputs["architectures"]} if inputs.get("architectures") else code


def sha256(body: bytes) -> str:
    """A digest as Lambda writes it."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def _wait(client: Any, name: str) -> None:
    """Until the last update of the function has been applied."""
    deadline = time.monotonic() + SECONDS
    pause = 0.02
    while time.monotonic() < deadline:
        settings = client.get_function_configuration(FunctionName=name)
        status = settings.get("LastUpdateStatus", "Successful")
        if status == "Failed":
            raise Failed(f"lambda function {name}: {settings.get('LastUpdateStatusReason')}")
        if status != "InProgress" and settings.get("State", "Active") != "Pending":
            return
        time.sleep(pause)
        pause = min(pause * 2, 1.0)
    raise Failed(f"lambda function {name} was not updated after {SECONDS} s")


TYPES = (Function,)
