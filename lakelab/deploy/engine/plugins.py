"""Providers as the engine sees them: plugin processes that speak `pulumirpc.ResourceProvider`."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import grpc

from lakelab.deploy import bytecode, protocol, values
from lakelab.deploy.assets import located
from lakelab.deploy.engine.state import ResourceState
from lakelab.deploy.protocol import provider_pb2
from lakelab.deploy.values import Properties, from_struct, reveal, to_struct
from lakelab.errors import LakelabError

DiffKind = Literal["add", "update", "delete"]


class ProviderError(Exception):
    """A provider refused an operation. `made` is what exists all the same, when a create failed half-way."""

    def __init__(self, message: str, made: Made | None = None):
        super().__init__(message)
        self.made = made


class PluginError(LakelabError):
    """A provider plugin cannot be found or started."""


@dataclass(frozen=True)
class Made:
    """A resource as the provider gave it back."""

    id: str
    outputs: Properties
    inputs: Properties | None = None


@dataclass(frozen=True)
class PathDiff:
    """One property path in a provider's diff."""

    path: str
    kind: DiffKind
    replaces: bool


@dataclass(frozen=True)
class Diff:
    """What a provider says of old and new inputs."""

    paths: tuple[PathDiff, ...]
    delete_before_replace: bool
    changed: bool

    @property
    def replaces(self) -> bool:
        return any(path.replaces for path in self.paths)


class Plugin:
    """The process of one provider. It ends when this process does: it watches its standard input."""

    def __init__(self, package: str, environment: Mapping[str, str], engine: str = ""):
        self.package = package
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: grpc.Channel | None = None
        self._stub: Any = None
        attached = _attached(environment).get(package)
        if attached:
            self._connect(int(attached))
        else:
            self._process = subprocess.Popen(
                _command(package, engine),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=bytecode.environment(self._environment),
            )

    @property
    def stub(self) -> Any:
        if self._stub is None:
            assert self._process
            assert self._process.stdout
            line = self._process.stdout.readline().strip()
            if not line.isdigit():
                command = " ".join(_command(self.package, ""))
                raise PluginError(f"the provider {self.package} did not start", fix=f"run `{command}` to see why")
            self._connect(int(line))
        return self._stub

    def _connect(self, port: int) -> None:
        self._channel = protocol.channel(f"127.0.0.1:{port}")
        self._stub = protocol.provider_grpc.ResourceProviderStub(self._channel)

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
        if self._process is None:
            return
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _attached(environment: Mapping[str, str]) -> dict[str, str]:
    """Providers that run already: PULUMI_DEBUG_PROVIDERS=name:port,name:port."""
    pairs = environment.get("PULUMI_DEBUG_PROVIDERS", "").split(",")
    return dict(pair.split(":", 1) for pair in pairs if ":" in pair)


def _command(package: str, engine: str) -> list[str]:
    if package == "aws":
        return [sys.executable, *bytecode.options(), "-m", "lakelab.deploy.provider", engine]
    binary = shutil.which(f"pulumi-resource-{package}")
    if binary is None:
        raise PluginError(
            f"there is no provider for the package {package}: the embedded engine has aws",
            fix=f"put pulumi-resource-{package} on PATH, or deploy with the pulumi CLI",
        )
    return [binary, engine]


class Provider:
    """A configured provider. All values given to it are in clear; assets are located in the program's folder."""

    def __init__(self, plugin: Plugin, config: Properties, urn: str):
        self._plugin = plugin
        self._config = config
        self._urn = urn
        self._ready = False
        self._lock = threading.Lock()

    @property
    def stub(self) -> Any:
        if not self._ready:
            with self._lock:
                if not self._ready:
                    self._configure()
        return self._plugin.stub

    def _configure(self) -> None:
        plain = {key: value for key, value in reveal(self._config).items() if value is not None}
        request = provider_pb2.ConfigureRequest(
            args=to_struct(plain),
            variables={f"{self._plugin.package}:config:{key}": _text(value) for key, value in plain.items()},
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
            urn=self._urn,
        )
        try:
            self._plugin.stub.Configure(request)
        except grpc.RpcError as error:
            raise PluginError(protocol.error_text(error)) from error
        self._ready = True

    def check_config(self, news: Properties) -> list[tuple[str, str]]:
        """What is wrong with the settings of an explicit provider."""
        answer = self._plugin.stub.CheckConfig(provider_pb2.CheckRequest(urn=self._urn, news=to_struct(reveal(news))))
        return [(failure.property, failure.reason) for failure in answer.failures]

    def check(
        self, urn: str, olds: Properties | None, news: Properties, seed: bytes, folder: Path
    ) -> tuple[Properties, list[tuple[str, str]]]:
        """The inputs with defaults and automatic names, and the mistakes in them as (path, reason)."""
        request = provider_pb2.CheckRequest(
            urn=urn, olds=_plain(olds or {}, folder), news=_plain(news, folder), randomSeed=seed
        )
        answer = self._call(self.stub.Check, request)
        checked = restored(news, from_struct(answer.inputs))
        return checked, [(failure.property, failure.reason) for failure in answer.failures]

    def diff(self, old: ResourceState, news: Properties, folder: Path) -> Diff:
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=old.urn,
            olds=_plain(old.outputs, folder),
            old_inputs=_plain(old.inputs, folder),
            news=_plain(news, folder),
            ignoreChanges=old.ignore_changes,
        )
        answer = self._call(self.stub.Diff, request)
        kinds = provider_pb2.PropertyDiff
        names: dict[int, tuple[DiffKind, bool]] = {
            kinds.ADD: ("add", False),
            kinds.ADD_REPLACE: ("add", True),
            kinds.DELETE: ("delete", False),
            kinds.DELETE_REPLACE: ("delete", True),
            kinds.UPDATE: ("update", False),
            kinds.UPDATE_REPLACE: ("update", True),
        }
        paths = [PathDiff(path, *names[detail.kind]) for path, detail in answer.detailedDiff.items()]
        if not answer.hasDetailedDiff:
            paths = [PathDiff(name, "update", name in answer.replaces) for name in {*answer.diffs, *answer.replaces}]
        changed = answer.changes == provider_pb2.DiffResponse.DIFF_SOME
        return Diff(tuple(sorted(paths, key=lambda path: path.path)), answer.deleteBeforeReplace, changed)

    def create(self, urn: str, inputs: Properties, folder: Path) -> Made:
        """
        Raises:
            ProviderError: AWS refused; with `made` when the resource exists all the same.
        """
        answer = self._call(self.stub.Create, provider_pb2.CreateRequest(urn=urn, properties=_plain(inputs, folder)))
        return Made(answer.id, restored(inputs, from_struct(answer.properties)))

    def update(self, old: ResourceState, news: Properties, folder: Path, *, preview: bool = False) -> Properties:
        """The outputs after the update; in a preview those that are expected, without what cannot be known."""
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=old.urn,
            olds=_plain(old.outputs, folder),
            old_inputs=_plain(old.inputs, folder),
            news=_plain(news, folder),
            preview=preview,
        )
        return restored(news, from_struct(self._call(self.stub.Update, request).properties))

    def delete(self, old: ResourceState, folder: Path) -> None:
        request = provider_pb2.DeleteRequest(
            id=old.id, urn=old.urn, properties=_plain(old.outputs, folder), old_inputs=_plain(old.inputs, folder)
        )
        self._call(self.stub.Delete, request)

    def read(self, urn: str, id: str, inputs: Properties, outputs: Properties, folder: Path) -> Made | None:
        """The resource as it is now; None when it is gone. Without an id: the one made from these inputs, if any."""
        request = provider_pb2.ReadRequest(
            id=id, urn=urn, properties=_plain(outputs, folder), inputs=_plain(inputs, folder)
        )
        answer = self._call(self.stub.Read, request)
        if not answer.id:
            return None
        return Made(
            answer.id, restored(inputs, from_struct(answer.properties)), restored(inputs, from_struct(answer.inputs))
        )

    def invoke(self, token: str, arguments: Properties) -> tuple[Properties, list[tuple[str, str]]]:
        request = provider_pb2.InvokeRequest(tok=token, args=to_struct(reveal(arguments)))
        answer = self._call(self.stub.Invoke, request)
        failures = [(failure.property, failure.reason) for failure in answer.failures]
        return from_struct(getattr(answer, "return")), failures

    @staticmethod
    def _call(method: Any, request: Any) -> Any:
        try:
            return method(request)
        except grpc.RpcError as error:
            made = None
            metadata: Any = error.trailing_metadata() if isinstance(error, grpc.Call) else ()
            for key, value in metadata or ():
                if key == "lakelab-init-failed-bin":
                    details = provider_pb2.ErrorResourceInitFailed.FromString(value)
                    made = Made(details.id, from_struct(details.properties))
            raise ProviderError(protocol.error_text(error), made) from None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _plain(properties: Properties, folder: Path) -> Any:
    """Properties for a provider: secrets in clear, assets by absolute path, references as ids."""
    found = reveal(located(properties, folder))
    return to_struct(values.map_values(found, values.resource_reference_to_id))


def restore(template: Any, value: Any) -> Any:
    """A provider's answer with the secrets, assets and references of what was sent put back in their places."""
    if isinstance(template, values.Secret):
        inner = restore(template.value, value)
        return template if inner == template.value else values.Secret(inner)
    if values.is_asset(template):
        if not isinstance(value, dict) or value.get("hash") == template.get("hash"):
            return template
        return {**template, "hash": value.get("hash")}
    if values.signature(template) == values.RESOURCE:
        return template
    if isinstance(template, dict) and isinstance(value, dict):
        return {key: restore(template[key], item) if key in template else item for key, item in value.items()}
    if isinstance(template, list) and isinstance(value, list) and len(template) == len(value):
        return [restore(before, after) for before, after in zip(template, value, strict=True)]
    if values.has_secret(template):
        return values.Secret(value)
    return value


def restored(inputs: Properties, answer: Properties) -> Properties:
    """A provider's property map with the secrets of the inputs hidden wherever the provider has put them."""
    found: Properties = restore(inputs, answer)
    if "tags" in inputs and "tagsAll" in found:
        found["tagsAll"] = restore(inputs["tags"], found["tagsAll"])
    texts = {
        text
        for secret in values.walk(inputs)
        if isinstance(secret, values.Secret)
        for text in values.walk(secret.value)
        if isinstance(text, str) and len(text) >= _SHORTEST_SECRET
    }
    return values.map_values(found, lambda value: _hidden(value, texts)) if texts else found


_SHORTEST_SECRET = 4  # shorter texts are in too many others by chance; they are hidden in their own places only


def _hidden(value: Any, texts: set[str]) -> Any:
    if isinstance(value, values.Secret):
        return _same(value)
    return values.Secret(value) if isinstance(value, str) and any(text in value for text in texts) else value


def _same(secret: values.Secret) -> values.Secret:
    """A new object, so that what is secret already is not looked into."""
    return values.Secret(secret.value, secret.sealed)


class Plugins:
    """The provider processes of one or several deployments, started when first needed and then kept."""

    def __init__(self, environment: Mapping[str, str] | None = None):
        self._environment = dict(os.environ if environment is None else environment)
        self._providers: dict[str, Provider] = {}
        self._plugins: list[Plugin] = []
        self._spare: Plugin | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Starts the process of the default AWS provider ahead of its use."""
        with self._lock:
            if self._spare is None and not self._plugins:
                self._spare = self._launch("aws")

    def _launch(self, package: str) -> Plugin:
        plugin = Plugin(package, self._environment)
        self._plugins.append(plugin)
        return plugin

    def provider(self, package: str, config: Properties, urn: str) -> Provider:
        """The provider of a package with these settings."""
        key = json.dumps([package, reveal(config)], sort_keys=True)
        with self._lock:
            if key not in self._providers:
                spare, self._spare = self._spare, None
                plugin = spare if spare is not None and spare.package == package else None
                if plugin is None:
                    self._spare = spare
                    plugin = self._launch(package)
                self._providers[key] = Provider(plugin, config, urn)
            return self._providers[key]

    def close(self) -> None:
        for plugin in self._plugins:
            plugin.close()
        self._plugins.clear()
        self._providers.clear()
        self._spare = None
