"""The engine's side of Pulumi's protocol: what a running program says and asks (ResourceMonitor and Engine)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2

from lakelab.deploy import protocol, values
from lakelab.deploy.engine import existing, registration
from lakelab.deploy.engine.deployment import Deployment, Failure, Registered
from lakelab.deploy.engine.goal import Goal, from_request
from lakelab.deploy.engine.plugins import Made, ProviderError
from lakelab.deploy.engine.references import StackOutputs
from lakelab.deploy.protocol import callback_pb2, engine_pb2, resource_pb2
from lakelab.deploy.values import Properties, from_struct, to_struct
from lakelab.errors import LakelabError

FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
)
_SEVERITIES = {
    engine_pb2.DEBUG: "debug",
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}
STACK_REFERENCE = "pulumi:pulumi:StackReference"


class Monitor(protocol.resource_grpc.ResourceMonitorServicer, protocol.engine_grpc.EngineServicer):
    """Serves one running program.

    Attributes:
        finished: set when the program has registered everything and waits to be let go.
        release: set it to let the program end.
        errors: what the program itself reported as errors.
    """

    def __init__(self, deployment: Deployment, references: StackOutputs):
        self.finished = threading.Event()
        self.release = threading.Event()
        self.errors: list[str] = []
        self._deployment = deployment
        self._references = references
        self._root = deployment.project.root
        self._root_urn = ""
        self._stack_transforms: list[Any] = []
        self._invoke_transforms: list[Any] = []
        self._transforms: dict[str, tuple[str, list[Any]]] = {}  # URN -> parent, transforms
        self._hooks: dict[str, Any] = {}
        self._channels: dict[str, grpc.Channel] = {}
        self._lock = threading.Lock()
        self._stopped = False
        deployment.run_hook = self._run_hook

    def serve(self) -> tuple[grpc.Server, str]:
        """Starts serving on a free port of this machine; the caller stops the server."""
        server = grpc.server(ThreadPoolExecutor(64), options=protocol.CHANNEL_OPTIONS)
        protocol.resource_grpc.add_ResourceMonitorServicer_to_server(self, server)
        protocol.engine_grpc.add_EngineServicer_to_server(self, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        return server, f"127.0.0.1:{port}"

    def close(self) -> None:
        """Answers nothing more: what still comes is told that the monitor has gone."""
        self._stopped = True
        self.release.set()
        for channel in self._channels.values():
            channel.close()

    # -- Engine -------------------------------------------------------------------------------------------------------

    def Log(self, request: Any, context: grpc.ServicerContext) -> Any:
        severity = _SEVERITIES.get(request.severity, "info")
        if severity == "error":
            self.errors.append(request.message)
        self._deployment.say(request.message.rstrip("\n"), severity, request.urn)
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: grpc.ServicerContext) -> Any:
        return engine_pb2.GetRootResourceResponse(urn=self._root_urn)

    def SetRootResource(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._root_urn = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._deployment.say(
            f"the program asks for Pulumi {request.pulumi_version_range}: the embedded engine cannot tell"
        )
        return engine_pb2.RequirePulumiVersionResponse()

    # -- ResourceMonitor ----------------------------------------------------------------------------------------------

    def GetDeploymentInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        deployment = self._deployment
        settings = deployment.settings
        return resource_pb2.DeploymentInfo(
            project=deployment.project.name,
            stack=deployment.stack,
            organization="organization",
            config={key: setting.value for key, setting in settings.items()},
            configSecretKeys=[key for key, setting in settings.items() if setting.secret],
            dryRun=deployment.options.preview,
            parallel=deployment.options.parallel,
            supportedFeatures=FEATURES,
        )

    def SupportsFeature(self, request: Any, context: grpc.ServicerContext) -> Any:
        known = {"secrets", "resourceReferences", "aliasSpecs", "deletedWith", "replaceWith", "transforms"}
        known |= {"invokeTransforms", "resourceHooks"}
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in known)

    def SignalAndWaitForShutdown(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.finished.set()
        self.release.wait()
        return empty_pb2.Empty()

    def RegisterResource(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._still_open(context)
        if request.remote:
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED, f"{request.type} is a remote component: not in the embedded engine"
            )
        if request.packageRef:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "parameterized providers are not in the embedded engine")
        try:
            self._transform(request)
            goal = from_request(request, self._root)
            registered = registration.register(self._deployment, goal)
        except (Failure, ValueError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        with self._lock:
            self._transforms[registered.urn] = (request.parent, list(request.transforms))
        return self._answer(registered, goal)

    def _answer(self, registered: Registered, goal: Goal) -> Any:
        # what is known already need not wait for a real run
        return resource_pb2.RegisterResourceResponse(
            urn=registered.urn,
            id=registered.id,
            object=to_struct(registered.outputs) if not registered.failed else None,
            result=resource_pb2.FAIL if registered.failed else resource_pb2.SUCCESS,
            unknown=registered.unknown,
        )

    def RegisterResourceOutputs(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._still_open(context)
        try:
            registration.register_outputs(self._deployment, request.urn, from_struct(request.outputs))
        except Failure as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        return empty_pb2.Empty()

    def ReadResource(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._still_open(context)
        goal = Goal(
            type=request.type,
            name=request.name,
            parent=request.parent,
            custom=True,
            inputs={key: value for key, value in from_struct(request.properties).items() if value is not None},
            provider=request.provider,
            dependencies=tuple(sorted(request.dependencies)),
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            version=request.version,
        )
        try:
            registered = (
                self._reference(goal, request.id)
                if goal.type == STACK_REFERENCE
                else registration.read(self._deployment, goal, request.id)
            )
        except (Failure, LakelabError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        return resource_pb2.ReadResourceResponse(
            urn=registered.urn,
            id=registered.id,
            properties=to_struct(registered.outputs),
            result=resource_pb2.FAIL if registered.failed else resource_pb2.SUCCESS,
            unknown=registered.unknown,
        )

    def _reference(self, goal: Goal, name: str) -> Registered:
        outputs = self._references.of(name)
        properties: Properties = {
            "name": name,
            "outputs": outputs,
            "secretOutputNames": sorted(values.secret_names(outputs)),
        }
        return existing.keep_reference(self._deployment, goal, Made(name, properties))

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._still_open(context)
        response = resource_pb2.ResourceInvokeResponse()
        arguments = from_struct(request.args)
        try:
            arguments, reference = self._transform_invoke(request, arguments)
            if request.tok == "pulumi:pulumi:getResource":
                result = self._get_resource(arguments["urn"])
                failures: list[tuple[str, str]] = []
            else:
                package = request.tok.split(":", 1)[0]
                reference = reference or self._deployment.default_provider(package, request.version)
                provider = self._deployment.provider(reference)
                result, failures = provider.invoke(request.tok, arguments)
        except (Failure, ProviderError, LakelabError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        for path, reason in failures:
            response.failures.add(property=path, reason=reason)
        getattr(response, "return").CopyFrom(to_struct(result))
        return response

    def _get_resource(self, urn: str) -> Properties:
        state = self._deployment.checkpoint.new(urn)
        if state is None:
            raise Failure(f"unknown resource {urn}")
        return {"urn": urn, "id": state.id, "state": state.outputs}

    def Call(self, request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED, f"{request.tok}: methods of components are not in the embedded engine"
        )

    def RegisterPackage(self, request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "parameterized providers are not in the embedded engine")

    def _still_open(self, context: grpc.ServicerContext) -> None:
        if self._stopped:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the deployment is over")

    # -- callbacks into the program: transforms and hooks -------------------------------------------------------------

    def RegisterStackTransform(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._lock:
            self._stack_transforms.append(request)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._lock:
            self._invoke_transforms.append(request)
        return empty_pb2.Empty()

    def RegisterResourceHook(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._lock:
            self._hooks[request.name] = request
        return empty_pb2.Empty()

    def _call_back(self, callback: Any, request: Any, response: Any) -> Any:
        with self._lock:
            if callback.target not in self._channels:
                self._channels[callback.target] = protocol.channel(callback.target)
            channel = self._channels[callback.target]
        stub = protocol.callback_grpc.CallbacksStub(channel)
        try:
            answer = stub.Invoke(
                callback_pb2.CallbackInvokeRequest(token=callback.token, request=request.SerializeToString())
            )
        except grpc.RpcError as error:
            raise Failure(protocol.error_text(error)) from error
        return response.FromString(answer.response)

    def _transform(self, request: Any) -> None:
        """Applies the resource's own transforms, then its parents', then those of the whole stack."""
        with self._lock:
            transforms = list(request.transforms)
            parent = request.parent
            while parent in self._transforms:
                parent, more = self._transforms[parent]
                transforms += more
            transforms += self._stack_transforms
        for callback in transforms:
            options = _options_of(request)
            answer = self._call_back(
                callback,
                resource_pb2.TransformRequest(
                    type=request.type,
                    name=request.name,
                    custom=request.custom,
                    parent=request.parent,
                    properties=request.object,
                    options=options,
                ),
                resource_pb2.TransformResponse,
            )
            request.object.CopyFrom(answer.properties)
            if answer.HasField("options"):
                _apply_options(answer.options, request)

    def _transform_invoke(self, request: Any, arguments: Properties) -> tuple[Properties, str]:
        provider = request.provider
        for callback in list(self._invoke_transforms):
            options = resource_pb2.TransformInvokeOptions(provider=provider, version=request.version)
            answer = self._call_back(
                callback,
                resource_pb2.TransformInvokeRequest(token=request.tok, args=to_struct(arguments), options=options),
                resource_pb2.TransformInvokeResponse,
            )
            arguments = from_struct(answer.args)
            if answer.HasField("options"):
                provider = answer.options.provider
        return arguments, provider

    def _run_hook(self, kind: str, goal: Goal, urn: str, inputs: Properties, outputs: Properties) -> None:
        """Runs the hooks of one kind of a resource; one that fails stops the resource."""
        for name in goal.hooks.get(kind, ()):
            hook = self._hooks.get(name)
            if hook is None:
                raise Failure(f"the resource hook {name} was not registered")
            if self._deployment.options.preview and not hook.on_dry_run:
                continue
            message = resource_pb2.ResourceHookRequest(urn=urn, name=goal.name, type=goal.type)
            message.new_inputs.CopyFrom(to_struct(inputs))
            message.new_outputs.CopyFrom(to_struct(outputs))
            answer = self._call_back(hook.callback, message, resource_pb2.ResourceHookResponse)
            if answer.error and not hook.ignore_errors:
                raise Failure(f"the resource hook {name} failed: {answer.error}")
            if answer.error:
                self._deployment.say(f"the resource hook {name} failed: {answer.error}", "warning", urn)


# field of TransformResourceOptions -> field of RegisterResourceRequest
_REPEATED = {
    "depends_on": "dependencies",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
    "aliases": "aliases",
    "additional_secret_outputs": "additionalSecretOutputs",
    "replace_with": "replace_with",
}
_SINGLE = {
    "protect": "protect",
    "version": "version",
    "provider": "provider",
    "plugin_download_url": "pluginDownloadURL",
    "retain_on_delete": "retainOnDelete",
    "deleted_with": "deletedWith",
    "import": "importId",
}


def _options_of(request: Any) -> Any:
    options = resource_pb2.TransformResourceOptions()
    for name, field in _REPEATED.items():
        getattr(options, name).extend(getattr(request, field))
    for name, field in _SINGLE.items():
        value = getattr(request, field)
        if value:
            setattr(options, name, value)
    for name, reference in request.providers.items():
        options.providers[name] = reference
    if request.deleteBeforeReplaceDefined:
        options.delete_before_replace = request.deleteBeforeReplace
    if request.HasField("customTimeouts"):
        options.custom_timeouts.CopyFrom(request.customTimeouts)
    if request.HasField("hooks"):
        options.hooks.CopyFrom(request.hooks)
    if request.HasField("replacement_trigger"):
        options.replacement_trigger.CopyFrom(request.replacement_trigger)
    return options


def _apply_options(options: Any, request: Any) -> None:
    for name, field in _REPEATED.items():
        target = getattr(request, field)
        del target[:]
        target.extend(getattr(options, name))
    for name, field in _SINGLE.items():
        setattr(request, field, getattr(options, name))
    request.providers.clear()
    request.providers.update(options.providers)
    if options.HasField("delete_before_replace"):
        request.deleteBeforeReplace = options.delete_before_replace
        request.deleteBeforeReplaceDefined = True
    if options.HasField("custom_timeouts"):
        request.customTimeouts.CopyFrom(options.custom_timeouts)
    if options.HasField("hooks"):
        request.hooks.CopyFrom(options.hooks)
