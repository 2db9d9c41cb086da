"""The AWS provider as a Pulumi plugin: serves `pulumirpc.ResourceProvider` on a port of this machine.

Started as `python -m lakelab.deploy.provider [engine address]`, it prints its port, as every Pulumi plugin does. It
ends when its standard input closes, so that it never outlives the engine that started it.

Beyond the protocol: a Read without an id means "find what was made from these inputs", which lets the engine recover
from a create that was cut off. It says which ids are known already (`__known`) and when the create began (`__since`).
"""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2

from lakelab.deploy import values
from lakelab.deploy.paths import MISSING
from lakelab.deploy.protocol import CHANNEL_OPTIONS, plugin_pb2, provider_grpc, provider_pb2
from lakelab.deploy.provider import diff, invokes, schema
from lakelab.deploy.provider.clients import Aws, Failed
from lakelab.deploy.provider.resource import Inputs, Resource, automatic_name
from lakelab.deploy.provider.schema import Mistake
from lakelab.deploy.provider.services import MODULES, resource
from lakelab.deploy.values import UNKNOWN
from lakelab.errors import LakelabError

WORKERS = 32


class Provider(provider_grpc.ResourceProviderServicer):
    """One configured AWS provider."""

    def __init__(self, environment: dict[str, str] | None = None):
        self._environment = dict(os.environ) if environment is None else environment
        self._aws: Aws | None = None
        self._default_tags: dict[str, str] = {}

    @property
    def aws(self) -> Aws:
        if self._aws is None:
            raise Failed("the provider is not configured")
        return self._aws

    # -- configuration ------------------------------------------------------------------------------------------------

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=schema.version())

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        given = values.from_struct(request.news)
        failures = [
            provider_pb2.CheckFailure(
                property=name, reason="the embedded engine does not know this setting of the provider"
            )
            for name in given
            if name not in CONFIG
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        old, new = values.from_struct(request.old_inputs), values.from_struct(request.news)
        changed = [name for name in {*old, *new} if old.get(name) != new.get(name)]
        some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some, diffs=changed)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        config = {name: _setting(value) for name, value in values.from_struct(request.args).items()}
        try:
            self._aws = Aws(self._environment, config)
        except LakelabError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        self._default_tags = (config.get("defaultTags") or {}).get("tags") or {}
        threading.Thread(target=self._warm_up, daemon=True).start()
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=False, acceptResources=False)

    def _warm_up(self) -> None:
        """Loads boto3 while the program is still being imported."""
        assert self._aws is not None
        _ = self._aws.session

    # -- check and diff -----------------------------------------------------------------------------------------------

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        token, name = _token_and_name(request.urn)
        kind = resource(token)
        if kind is None:
            reason = f"the embedded engine does not know the resource type {token}; it knows {_known_types(token)}"
            return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(reason=reason)])
        inputs, mistakes = self._checked(
            kind, name, values.from_struct(request.olds), values.from_struct(request.news), request.randomSeed
        )
        failures = [provider_pb2.CheckFailure(property=m.path, reason=m.reason) for m in mistakes]
        return provider_pb2.CheckResponse(inputs=values.to_struct(inputs), failures=failures)

    def _checked(
        self, kind: Resource, name: str, olds: Inputs, news: Inputs, seed: bytes
    ) -> tuple[Inputs, list[Mistake]]:
        news = {key: _documents(kind, key, value) for key, value in news.items() if not key.startswith("__")}
        news.pop("tagsAll", None)
        mistakes = list(schema.check(kind.schema, news))
        if mistakes:
            return news, mistakes
        inputs = schema.coerce(kind.schema, news)
        defaults = []
        for key, known in kind.properties.items():
            if known.default is not None and key not in inputs:
                inputs[key] = known.default
                defaults.append(key)
        if kind.name and kind.name not in inputs:
            inputs[kind.name] = self._name(kind, name, olds, inputs, seed)
            defaults.append(kind.name)
        inputs["__defaults"] = sorted(defaults)
        if "tags" in kind.properties:
            inputs["tagsAll"] = self._all_tags(inputs.get("tags"))
        return inputs, list(kind.mistakes(inputs))

    @staticmethod
    def _name(kind: Resource, name: str, olds: Inputs, inputs: Inputs, seed: bytes) -> str:
        """The automatic name: the one that the state has, or a new one. It belongs to the state, not to the URN."""
        assert kind.name
        prefix_property = "bucketPrefix" if kind.name == "bucket" else f"{kind.name}Prefix"
        prefix = inputs.get(prefix_property)
        if prefix == UNKNOWN:
            return UNKNOWN
        if (
            kind.name in (olds.get("__defaults") or ())
            and (olds.get(prefix_property) == prefix)
            and olds.get(kind.name)
        ):
            return olds[kind.name]
        made = automatic_name(kind, name, seed, inputs)
        return made if prefix is None else f"{prefix}{made.rsplit('-', 1)[-1]}"

    def _all_tags(self, tags: Any) -> Any:
        if tags == UNKNOWN:
            return UNKNOWN
        return {**self._default_tags, **(tags or {})}

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        kind = _resource(request.urn)
        old = values.from_struct(request.old_inputs) or values.from_struct(request.olds)
        new = values.from_struct(request.news)
        found = diff.differences(kind, old, new)
        response = provider_pb2.DiffResponse(hasDetailedDiff=True)
        response.changes = provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE
        for item in found:
            response.detailedDiff[item.path].kind = _kind(item)
            response.detailedDiff[item.path].inputDiff = True
        response.diffs.extend(sorted({str(item.keys[0]) for item in found}))
        response.replaces.extend(sorted({item.path for item in found if item.replaces}))
        if response.replaces:
            response.deleteBeforeReplace = self._same_place(kind, request.id, new)
        return response

    def _same_place(self, kind: Resource, id: str, new: Inputs) -> bool:
        """Whether the replacement would have the id of the resource it replaces, so that the old one must go first."""
        if kind.name and new.get(kind.name) in (None, UNKNOWN):
            return False
        if values.has_unknown({key: value for key, value in new.items() if key not in ("tags", "tagsAll")}):
            return bool(kind.name) and new.get(kind.name) is not None and id.endswith(str(new[kind.name]))
        return kind.identity(self.aws, new) == id

    # -- create, read, update, delete ---------------------------------------------------------------------------------

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        kind = _resource(request.urn)
        inputs = _clean(values.from_struct(request.properties))
        id = self._call(context, lambda: kind.create(self.aws, inputs))
        outputs = None
        try:
            outputs = self._read(kind, id, inputs)
        except Exception as error:  # noqa: BLE001  # it exists: the engine must learn its id whatever fails now
            self._half_made(context, id, inputs, f"created, but reading it back failed: {_text(error)}")
        if outputs is None:
            self._half_made(context, id, inputs, "created, but AWS does not show it")
        assert outputs is not None
        return provider_pb2.CreateResponse(id=id, properties=values.to_struct(outputs))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        kind = _resource(request.urn)
        old, new = values.from_struct(request.old_inputs), values.from_struct(request.news)
        state = values.from_struct(request.olds)
        if request.preview:
            expected = {key: value for key, value in state.items() if key not in kind.volatile and key not in old}
            return provider_pb2.UpdateResponse(properties=values.to_struct({**expected, **_clean(new)}))
        changed = {str(item.keys[0]) for item in diff.differences(kind, old, new)}
        if "tags" in changed:
            changed.add("tagsAll")
        secret = {key: state[key] for key in kind.secret_outputs() if key in state and key not in new}
        changed_aws = {key for key in changed if key not in kind.properties or not kind.properties[key].local}
        if changed_aws:
            self._call(context, lambda: kind.update(self.aws, request.id, _clean(old), _clean(new), changed_aws))
        outputs = self._call(context, lambda: self._read(kind, request.id, {**_clean(new), **secret}))
        if outputs is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"{request.id} does not exist any more; run refresh")
        return provider_pb2.UpdateResponse(properties=values.to_struct(outputs))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        kind = _resource(request.urn)
        inputs, state = values.from_struct(request.inputs), values.from_struct(request.properties)
        importing = bool(request.id) and not state
        if importing:
            inputs = self._described(kind, inputs)
        id = request.id or self._call(context, lambda: kind.find(self.aws, _clean(inputs)))
        if not id:
            return provider_pb2.ReadResponse()
        merged = {**_clean(state), **_clean(inputs)}
        outputs = self._call(context, lambda: self._read(kind, id, merged))
        if outputs is None:
            return provider_pb2.ReadResponse()
        actual = diff.inputs_from(kind, inputs, outputs)
        return provider_pb2.ReadResponse(
            id=kind.imported_id(id) if importing else id,
            properties=values.to_struct(outputs),
            inputs=values.to_struct(actual),
        )

    @staticmethod
    def _described(kind: Resource, inputs: Inputs) -> Inputs:
        """The inputs with which a program describes what it imports or gets, with defaults; its name is AWS's."""
        described = schema.coerce(kind.schema, {key: _documents(kind, key, value) for key, value in inputs.items()})
        defaults = {key: known.default for key, known in kind.properties.items() if known.default is not None}
        named = [kind.name] if kind.name and kind.name not in inputs else []
        return {**defaults, **described, "__defaults": sorted({*named, *(set(defaults) - set(described))})}

    def _read(self, kind: Resource, id: str, inputs: Inputs) -> Inputs | None:
        found = kind.read(self.aws, id, inputs)
        if found is None:
            return None
        outputs = {name: value for name, value in found.items() if value is not None and value is not MISSING}
        for name, known in kind.properties.items():
            if (known.local or known.blind) and name in inputs and name not in outputs:
                outputs[name] = inputs[name]
        if "tags" in kind.properties:
            everything = outputs.get("tagsAll") or {}
            own = inputs.get("tags") or {}
            inherited = {
                key for key, value in self._default_tags.items() if everything.get(key) == value and key not in own
            }
            outputs["tagsAll"] = everything
            outputs["tags"] = {key: value for key, value in everything.items() if key not in inherited}
        return _jsonable(outputs)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        kind = _resource(request.urn)
        inputs = {**values.from_struct(request.properties), **values.from_struct(request.old_inputs)}
        self._call(context, lambda: kind.delete(self.aws, request.id, _clean(inputs)))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        arguments = {key: value for key, value in values.from_struct(request.args).items() if value is not None}
        result = self._call(context, lambda: invokes.invoke(self.aws, request.tok, arguments))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(values.to_struct(_jsonable(result)))
        return response

    @staticmethod
    def _call(context: grpc.ServicerContext, work: Any) -> Any:
        """Does the work; what AWS refuses becomes the RPC's error, in AWS's words."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001  # whatever goes wrong belongs to the one resource
            context.abort(grpc.StatusCode.UNKNOWN, _text(error))

    @staticmethod
    def _half_made(context: grpc.ServicerContext, id: str, inputs: Inputs, reason: str) -> None:
        details = provider_pb2.ErrorResourceInitFailed(
            id=id, properties=values.to_struct(inputs), reasons=[reason], inputs=values.to_struct(inputs)
        )
        context.set_trailing_metadata((("lakelab-init-failed-bin", details.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, reason)


CONFIG = {
    "version", "region", "accessKey", "secretKey", "token", "profile", "endpoints", "defaultTags", "s3UsePathStyle",
    "skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId",
}  # fmt: skip


def _setting(value: Any) -> Any:
    """A provider setting: structured ones travel as JSON text."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value


def _documents(kind: Resource, name: str, value: Any) -> Any:
    """A policy document given as a dict, as the text that AWS takes."""
    known = kind.properties.get(name)
    return json.dumps(value) if known and known.json and isinstance(value, dict) else value


def _token_and_name(urn: str) -> tuple[str, str]:
    parts = urn.split("::", 3)
    return parts[2].rsplit("$", 1)[-1], parts[3]


def _resource(urn: str) -> Resource:
    token = _token_and_name(urn)[0]
    kind = resource(token)
    if kind is None:
        raise Failed(f"the embedded engine does not know the resource type {token}")
    return kind


def _known_types(token: str) -> str:
    package = token.split(":")[1].split("/")[0] if token.count(":") == 2 else ""
    if package not in MODULES:
        return f"types of {', '.join(MODULES)}"
    from lakelab.deploy.provider.services import all_types

    return ", ".join(known for known in all_types() if known.split(":")[1].split("/")[0] == package)


def _kind(item: diff.Difference) -> Any:
    kinds = provider_pb2.PropertyDiff
    if item.old is MISSING:
        return kinds.ADD_REPLACE if item.replaces else kinds.ADD
    if item.new is MISSING:
        return kinds.DELETE_REPLACE if item.replaces else kinds.DELETE
    return kinds.UPDATE_REPLACE if item.replaces else kinds.UPDATE


def _clean(inputs: Inputs) -> Inputs:
    """Inputs without Pulumi's own keys; with the hints of the engine for what a cut-off create has made."""
    return {key: value for key, value in inputs.items() if not key.startswith("__") or key in diff.HINTS}


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_jsonable(item) for item in value]
    if value is None or isinstance(value, (str, int, float, values.Secret)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _text(error: Exception) -> str:
    """An error in the words of AWS: operation, code and message."""
    answer = getattr(error, "response", None)
    if isinstance(answer, dict) and "Error" in answer:
        operation = getattr(error, "operation_name", "")
        return f"{operation}: {answer['Error'].get('Code', '')}: {answer['Error'].get('Message', '')}"
    if isinstance(error, LakelabError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def serve(provider: Provider | None = None) -> tuple[grpc.Server, int]:
    """Starts serving on a free port of this machine; the caller stops the server."""
    server = grpc.server(ThreadPoolExecutor(WORKERS), options=CHANNEL_OPTIONS)
    provider_grpc.add_ResourceProviderServicer_to_server(provider or Provider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
