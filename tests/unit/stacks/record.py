"""Runs a layer's program without an engine and prints what it registers: `python record.py STACK CONFIG OUTPUTS`.

A process of its own for each run: Pulumi keeps its settings for the whole process. CONFIG is a JSON object of settings;
OUTPUTS one of the outputs of the stacks that the layer refers to, by stack name. It prints a JSON object of the
`resources`, the `exports` and the stacks `referred` to.
"""

from __future__ import annotations

import asyncio
import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pulumi
import yaml
from google.protobuf import empty_pb2, json_format
from pulumi.runtime import configure, set_all_config
from pulumi.runtime.mocks import MockEngine, MockMonitor, MockSettings
from pulumi.runtime.stack import run_in_stack

ROOT = Path(__file__).parents[3]
ACCOUNT, REGION = "123456789012", "eu-west-1"
CALLS: dict[str, dict[str, Any]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT, "id": ACCOUNT, "arn": "", "userId": ""},
    "aws:index/getRegion:getRegion": {
        "region": REGION,
        "name": REGION,
        "id": REGION,
        "description": "",
        "endpoint": "",
    },
    "aws:index/getPartition:getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws"},
}
# what AWS gives to a new resource, by the last part of its type
ARNS = {
    "Bucket": "arn:aws:s3:::{bucket}",
    "Role": f"arn:aws:iam::{ACCOUNT}:role/{{name}}",
    "Policy": f"arn:aws:iam::{ACCOUNT}:policy/{{name}}",
    "Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{name}}",
    "Stream": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{{name}}",
    "Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{name}}",
}


class Recorder(pulumi.runtime.Mocks):
    def __init__(self, outputs: dict[str, dict[str, Any]]):
        self.outputs = outputs
        self.referred: list[str] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            self.referred.append(args.inputs["name"])
            found = self.outputs[args.inputs["name"]]
            return args.name, {**args.inputs, "outputs": found, "secretOutputNames": []}
        kind = args.typ.rpartition(":")[2]
        given = {"arn": ARNS[kind].format(**args.inputs)} if kind in ARNS else {}
        if kind == "Queue":
            given["url"] = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{args.inputs['name']}"
        return f"{args.name}-id", {**args.inputs, **given}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        return CALLS[args.token]


class Monitor(MockMonitor):
    def __init__(self, recorder: Recorder):
        super().__init__(recorder)
        self.registered: list[dict[str, Any]] = []
        self.exports: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:
        answer = super().RegisterResource(request)
        if request.custom and not request.type.startswith("pulumi:"):
            inputs = json_format.MessageToDict(request.object)
            names = [urn.rpartition("::")[2] for urn in request.dependencies]
            kinds = [urn.split("::")[2].rpartition(":")[2] for urn in request.dependencies]
            depends = [f"{kind} {name}" for kind, name in zip(kinds, names, strict=True)]
            self.registered.append(
                {"type": request.type, "name": request.name, "inputs": inputs, "depends_on": depends}
            )
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:
        if "pulumi:pulumi:Stack" in request.urn and "$" not in request.urn:
            self.exports = json_format.MessageToDict(request.outputs)
        return empty_pb2.Empty()


async def record(stack: str, config: dict[str, Any], outputs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    recorder = Recorder(outputs)
    monitor = Monitor(recorder)
    features = set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures)
    configure(
        MockSettings(
            monitor=monitor,
            monitor_features=features,
            engine=MockEngine(None),
            project="lakelab",
            stack=stack,
            dry_run=False,
            organization=None,
            callbacks=None,
        )
    )
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    values = {name: setting["default"] for name, setting in project["config"].items()} | config
    set_all_config(
        {f"lakelab:{name}": value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    )

    def program() -> None:
        runpy.run_path(str(ROOT / project["main"]), run_name="__main__")

    await run_in_stack(program)
    return {"resources": monitor.registered, "exports": monitor.exports, "referred": recorder.referred}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(record(sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])))))
