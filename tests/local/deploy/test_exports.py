"""What a state looks like to Pulumi: its published form, its order, and no secret in clear anywhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lakelab.deploy import DeployError
from lakelab.deploy.engine.backend import Backend
from lakelab.deploy.engine.state import Operation, ResourceState

SIGNATURE = "4dabf18193072939515e22adb298388d"
URN = {"type": "string", "pattern": "^urn:pulumi:"}
URNS = {"type": "array", "items": URN}
TEXTS = {"type": "array", "items": {"type": "string"}}
FLAG = {"type": "boolean"}
TIME = {"type": "string", "format": "date-time"}


def special(sign: str, *one_of: str, **others: Any) -> dict[str, Any]:
    """An object with Pulumi's signature and exactly one of these members."""
    return {
        "type": "object",
        "properties": {SIGNATURE: {"const": sign}, **others},
        "required": [SIGNATURE],
        "oneOf": [{"required": [name]} for name in one_of],
    }


# What the published schemas say, in our own words: deployments.json, resources.json and property-values.json in
# https://github.com/pulumi/pulumi/tree/master/sdk/go/common/apitype
RESOURCE: dict[str, Any] = {
    "urn": URN,
    "custom": FLAG,
    "delete": FLAG,
    "id": {"type": "string"},
    "type": {"type": "string"},
    "inputs": {"$ref": "#/$defs/properties"},
    "outputs": {"$ref": "#/$defs/properties"},
    "parent": URN,
    "protect": FLAG,
    "external": FLAG,
    "dependencies": URNS,
    "initErrors": TEXTS,
    "provider": {"type": "string"},
    "propertyDependencies": {"type": "object", "additionalProperties": URNS},
    "pendingReplacement": FLAG,
    "additionalSecretOutputs": TEXTS,
    "aliases": URNS,
    "customTimeouts": {"type": "object"},
    "importID": {"type": "string"},
}
# what Pulumi's own type of a resource has and its published schema lacks: `ResourceV3` in core.go beside it
BEYOND: dict[str, Any] = {
    "retainOnDelete": FLAG,
    "deletedWith": URN,
    "created": TIME,
    "modified": TIME,
    "sourcePosition": {"type": "string", "pattern": r"^project:///[^#]+#\d+$"},
    "ignoreChanges": TEXTS,
    "replaceOnChanges": TEXTS,
    "replaceWith": URNS,
    "replacementTrigger": {"$ref": "#/$defs/value"},
}
VALUE = {
    "anyOf": [
        {"type": ["null", "boolean", "number", "string"]},
        {"type": "array", "items": {"$ref": "#/$defs/value"}},
        {"type": "object", "properties": {SIGNATURE: False}, "additionalProperties": {"$ref": "#/$defs/value"}},
        special("1b47061264138c4ac30d75fd1eb44270", "ciphertext", "plaintext"),
        special("c44067f5952c0a294b673a41bacd8c17", "text", "path", "uri", hash={"type": "string"}),
        special("0def7320c3a5731c473e5ecbe6d01bc7", "assets", "path", "uri", hash={"type": "string"}),
        special("5cf8f73096256a8f31e491e813e4eb8e", "urn"),
    ]
}


def format_of(resource: dict[str, Any]) -> Draft202012Validator:
    """The form of an export whose resources have these fields."""

    def closed(required: list[str], **properties: Any) -> dict[str, Any]:
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    one = closed(["urn"], **resource)
    manifest = closed(["time", "magic", "version"], time=TIME, magic={"type": "string"}, version={"type": "string"})
    operation = closed(
        ["resource", "type"], resource=one, type={"enum": ["creating", "updating", "deleting", "reading"]}
    )
    deployment = closed(
        ["manifest"],
        manifest=manifest,
        secrets_providers=closed(["type"], type={"type": "string"}, state={}),
        resources={"type": "array", "items": one},
        pending_operations={"type": "array", "items": operation},
    )
    schema = closed(["version", "deployment"], version={"const": 3}, deployment=deployment)
    properties = {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}}
    return Draft202012Validator({**schema, "$defs": {"value": VALUE, "properties": properties}})


PROGRAM = """
    class Zone(pulumi.ComponentResource):
        def __init__(self):
            super().__init__("lab:lake:Zone", "zone")
            self.queue = aws.sqs.Queue("inner", opts=ResourceOptions(parent=self, aliases=[pulumi.Alias(name="old")]))
            self.register_outputs({"queue": self.queue})
    secret = pulumi.Output.secret(PASSWORD)
    zone = Zone()
    west = aws.Provider("west", region="us-west-2", secret_key=secret, access_key="test")
    there = aws.sqs.Queue("there", opts=ResourceOptions(provider=west, retain_on_delete=KEPT))
    role = aws.iam.Role("role", name=UNIQUE, assume_role_policy=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
         "Principal": {"Service": "lambda.amazonaws.com"}}]}))
    function = aws.lambda_.Function("fn", role=role.arn, runtime="python3.11", handler="h.h",
        environment={"variables": {"PASSWORD": secret}},
        code=pulumi.AssetArchive({"h.py": pulumi.StringAsset("x = 1"), "lib": pulumi.FileArchive("lib")}),
        opts=ResourceOptions(protect=KEPT, additional_secret_outputs=["arn"]))
    bucket = aws.s3.Bucket("b", force_destroy=True, opts=ResourceOptions(replace_on_changes=["tags"]))
    aws.s3.BucketObject("o", bucket=bucket.bucket, key="k", source=pulumi.FileAsset("file.txt"),
        opts=ResourceOptions(deleted_with=bucket, depends_on=[zone]))
    aws.sqs.Queue("ignoring", tags={"a": secret}, opts=ResourceOptions(
        ignore_changes=["tags"], replace_with=[bucket], replacement_trigger="1"))
    aws.iam.Role.get("known", role.name)
    parameter = aws.ssm.Parameter("p", name=f"/{UNIQUE}", type="SecureString", value=secret)
    pulumi.export("zone", zone)
    pulumi.export("function", function)
    pulumi.export("nested", {"list": [secret, 1, None, True, 0.5]})
    pulumi.export("json", pulumi.Output.json_dumps({"p": secret}))
"""


@pytest.fixture
def deployed(program: Any) -> Iterator[Any]:
    program.file("lib/m.py", "y = 2\n")
    program.file("file.txt", "hello\n")
    program.write(PROGRAM, PASSWORD="hunter2", KEPT=True).up()
    yield program
    program.write(PROGRAM, PASSWORD="hunter2", KEPT=False).up()


def problems(form: Draft202012Validator, document: Any) -> list[str]:
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in form.iter_errors(document)]


def test_an_export_has_pulumis_published_form(deployed: Any, run: Any) -> None:
    half_way = Operation(ResourceState(f"{deployed.resource('b')['urn']}-2", "aws:s3/bucket:Bucket", True), "creating")
    backend = Backend(deployed.backend)
    snapshot, secrets = backend.load(deployed.unique, "dev", "", None)
    backend.save(deployed.unique, "dev", replace(snapshot, pending=(half_way,)), secrets)
    exported, in_clear = json.loads(run("export")), json.loads(run("export", "--show-secrets"))
    backend.save(deployed.unique, "dev", snapshot, secrets)
    assert problems(format_of({**RESOURCE, **BEYOND}), exported) == []
    assert problems(format_of({**RESOURCE, **BEYOND}), in_clear) == []
    resources = exported["deployment"]["resources"]
    used = {name for resource in resources for name in resource}
    assert used - set(RESOURCE) == set(BEYOND), "each difference that is listed is there"
    for resource in resources:
        for name in BEYOND:
            resource.pop(name, None)
    assert problems(format_of(RESOURCE), exported) == []


def test_what_a_resource_stands_on_is_before_it(deployed: Any) -> None:
    seen: set[str] = set()
    for resource in deployed.state():
        needed = {resource.get("parent"), *resource.get("dependencies", ())}
        needed.add((resource.get("provider") or "").rpartition("::")[0])
        for urns in resource.get("propertyDependencies", {}).values():
            needed |= set(urns)
        assert needed - {None, ""} <= seen, resource["urn"]
        seen.add(resource["urn"])


FAILING = """
    number = pulumi.Output.secret(PASSWORD).apply(lambda text: 87654)
    aws.sqs.Queue("checked", delay_seconds=number)
    aws.iam.Role("refused", name=pulumi.Output.secret(PASSWORD).apply(lambda text: f"{text}!"), assume_role_policy="{}")
"""


def test_no_secret_is_in_clear_in_state_output_history_or_messages(deployed: Any, run: Any) -> None:
    told = [run(verb, *more) for verb, *more in (
        ("preview",), ("up", "--yes"), ("up", "--yes", "--json"), ("refresh", "--json"), ("outputs",),
        ("outputs", "--json"), ("export",), ("graph",), ("history", "--json"),
    )]  # fmt: skip
    deployed.write(PROGRAM + FAILING, PASSWORD="hunter2", KEPT=True)
    for verb in ("preview", "up"):
        told.append(run(verb, "--json", code=1))
        with pytest.raises(DeployError) as raised:
            getattr(deployed, verb)()
        told += [raised.value.message, *map(repr, deployed.events)]
    files = [file.read_text() for file in deployed.backend.rglob("*") if file.is_file()]
    assert len(files) > 5
    for hidden in ("hunter2", base64.b64encode(b"hunter2").decode().rstrip("="), "87654"):
        assert [text for text in told + files if hidden in text] == []
    assert "delaySeconds: must be from 0 to 900, not [secret]" in told[-1] + "".join(told)
    assert "refused" in "".join(told)
