"""The event source mapping operations of Lambda, for Kinesis streams; mappings of other sources are the core's.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from lakelab.cloud.caller import Caller
from lakelab.cloud.clock import Clock
from lakelab.cloud.core import Core
from lakelab.cloud.errors import AwsError, NotImplementedHere
from lakelab.cloud.rest import RestService
from lakelab.cloud.roles import Roles, account_root
from lakelab.cloud.streams.api import KinesisService
from lakelab.cloud.streams.mappings.destinations import ACTIONS, resource_of, service_of
from lakelab.cloud.streams.mappings.invocation import lambda_client
from lakelab.cloud.streams.mappings.model import Mapping, described, settings_of
from lakelab.cloud.streams.mappings.poller import READ_ACTIONS, Tools
from lakelab.cloud.streams.mappings.runner import NOTHING_YET, MappingRunner
from lakelab.cloud.streams.mappings.store import MappingStore
from lakelab.cloud.streams.model import Stream
from lakelab.cloud.wire import Call, Params

UNSUPPORTED = ("KMSKeyArn", "MetricsConfig", "LoggingConfig", "ProvisionedPollerConfig", "TumblingWindowInSeconds")
LEAST_AGE = 60
STOP_SECONDS = 2.0


class InvalidParameter(AwsError):
    """A value cannot be used."""

    code = "InvalidParameterValueException"


class MappingNotFound(AwsError):
    """There is no mapping of that UUID, or no such function."""

    code = "ResourceNotFoundException"
    status = 404


class MappingExists(AwsError):
    """The stream and the function have a mapping already."""

    code = "ResourceConflictException"
    status = 409


class EventSourceMappings(RestService):
    """Mappings of Kinesis streams to functions, and the pollers that they stand for.

    Args:
        state: the folder of its file, `mappings.sqlite`.
        kinesis: the streams.
        clock: measures windows, ages and pauses.
    """

    name = "lambda"
    iam_prefix = "lambda"
    paths = ("/2015-03-31/event-source-mappings", "/2017-03-31/tags/")
    merged = frozenset({"ListEventSourceMappings"})
    validation_error = "InvalidParameterValueException"

    def __init__(self, state: Path, kinesis: KinesisService, clock: Clock):
        self._store = MappingStore(state / "mappings.sqlite")
        self._kinesis = kinesis
        self._clock = clock
        self._tools: Tools | None = None
        self._runners: dict[str, MappingRunner] = {}

    def start(self, core: Core) -> None:
        clients: dict[tuple[str, str], Any] = {}

        def invoker(mapping: Mapping) -> Any:
            key = (mapping.account, mapping.region)
            if key not in clients:
                clients[key] = core.functions(*key) or lambda_client(account_root(core, *key))
            return clients[key]

        roles = Roles(core, "lambda-event-source-mapping", "lambda.amazonaws.com")
        self._tools = Tools(core, self._clock, roles, self._kinesis.store, self._store, self._kinesis.metrics, invoker)
        for mapping in self._store.all():
            self._run(mapping)

    def close(self) -> None:
        for runner in self._runners.values():
            runner.stop()
        deadline = time.monotonic() + STOP_SECONDS
        for runner in self._runners.values():
            runner.join(deadline)

    def _run(self, mapping: Mapping) -> None:
        if self._tools is not None:
            self._runners[mapping.uuid] = MappingRunner(self._tools, mapping.uuid)
            self._runners[mapping.uuid].start()

    # ---- which requests are about mappings of streams

    def claims(self, caller: Caller, operation: str, params: Params) -> bool:
        match operation:
            case "CreateEventSourceMapping":
                return _is_stream(params.get("EventSourceArn", ""))
            case "ListEventSourceMappings":
                return "EventSourceArn" not in params or _is_stream(params["EventSourceArn"])
            case "ListTags" | "TagResource" | "UntagResource":
                return self._store.find(params["Resource"].rpartition(":")[2]) is not None
        return self._store.find(params.get("UUID", "")) is not None

    def merge(self, operation: str, ours: dict[str, Any], cores: dict[str, Any]) -> dict[str, Any]:
        return {**cores, "EventSourceMappings": ours["EventSourceMappings"] + cores.get("EventSourceMappings", [])}

    def resources(self, call: Call, params: Params) -> Iterable[tuple[str, str]]:
        """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html"""
        if "UUID" in params:
            arn = call.caller.arn_of("lambda", f"event-source-mapping:{params['UUID']}")
        else:
            arn = params.get("Resource", "*")
        yield f"lambda:{call.operation}", arn

    # ---- operations

    def create_event_source_mapping(self, call: Call, params: Params) -> Params:
        caller, arn = call.caller, params["EventSourceArn"]
        _refuse_unsupported(params)
        if "StartingPosition" not in params:
            raise InvalidParameter(
                "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
                "Member must not be null."
            )
        if params["StartingPosition"] == "AT_TIMESTAMP" and "StartingPositionTimestamp" not in params:
            raise InvalidParameter("StartingPositionTimestamp must be specified for the StartingPosition AT_TIMESTAMP.")
        function_arn, role_arn = _function(caller, params["FunctionName"])
        for mapping in self._store.all():
            if (mapping.stream_arn, mapping.function_arn) == (arn, function_arn):
                raise MappingExists(
                    f'The event source arn (" {arn} ") and function (" {mapping.function_name} ") provided mapping'
                    f" already exists. Please update or delete the existing mapping with UUID {mapping.uuid}"
                )
        timestamp = params.get("StartingPositionTimestamp")
        mapping = Mapping(
            uuid=str(uuid4()),
            account=caller.account,
            region=caller.region,
            stream_arn=arn,
            function_arn=function_arn,
            role_arn=role_arn,
            starting_position=params["StartingPosition"],
            starting_timestamp=timestamp.timestamp() if timestamp else None,
            tags=tuple(sorted(params.get("Tags", {}).items())),
            modified=self._clock.now(),
        ).changed(settings_of(params))
        self._check(caller, mapping)
        stream = self._stream(mapping)
        self._store.put(mapping, self._starts(mapping, stream))
        self._run(mapping)
        return described(mapping, "Creating", NOTHING_YET)

    def get_event_source_mapping(self, call: Call, params: Params) -> Params:
        return self._described(self._mapping(params))

    def list_event_source_mappings(self, call: Call, params: Params) -> Params:
        found = [] if "Marker" in params else self._store.all()
        function = params.get("FunctionName")
        shown = [
            mapping
            for mapping in found
            if (mapping.account, mapping.region) == (call.caller.account, call.caller.region)
            and params.get("EventSourceArn") in (None, mapping.stream_arn)
            and (function is None or _names(function, mapping))
        ]
        return {"EventSourceMappings": [self._described(mapping) for mapping in shown]}

    def update_event_source_mapping(self, call: Call, params: Params) -> Params:
        _refuse_unsupported(params)
        mapping = self._mapping(params).changed({**settings_of(params), "modified": self._clock.now()})
        if "FunctionName" in params:
            function_arn, role_arn = _function(call.caller, params["FunctionName"])
            mapping = mapping.changed({"function_arn": function_arn, "role_arn": role_arn})
        self._check(call.caller, mapping)
        self._store.put(mapping)
        runner = self._runners.get(mapping.uuid)
        if runner is not None:
            runner.wake()
        return self._described(mapping)

    def delete_event_source_mapping(self, call: Call, params: Params) -> Params:
        mapping = self._mapping(params)
        runner = self._runners.pop(mapping.uuid, None)
        if runner is not None:
            runner.stop()
        self._store.delete(mapping.uuid)
        return described(mapping, "Deleting", runner.result if runner else NOTHING_YET)

    def list_tags(self, call: Call, params: Params) -> Params:
        return {"Tags": dict(self._tagged(params).tags)}

    def tag_resource(self, call: Call, params: Params) -> Params:
        mapping = self._tagged(params)
        self._store.put(mapping.changed({"tags": tuple(sorted({**dict(mapping.tags), **params["Tags"]}.items()))}))
        return {}

    def untag_resource(self, call: Call, params: Params) -> Params:
        mapping = self._tagged(params)
        kept = tuple(tag for tag in mapping.tags if tag[0] not in params["TagKeys"])
        self._store.put(mapping.changed({"tags": kept}))
        return {}

    # ---- what they have in common

    def _mapping(self, params: Params) -> Mapping:
        found = self._store.find(params["UUID"])
        if found is None:
            raise MappingNotFound("The resource you requested does not exist.")
        return found

    def _tagged(self, params: Params) -> Mapping:
        return self._mapping({"UUID": params["Resource"].rpartition(":")[2]})

    def _described(self, mapping: Mapping) -> Params:
        runner = self._runners.get(mapping.uuid)
        if runner is not None and not runner.settled:
            state = "Enabling" if mapping.enabled else "Disabling"
        else:
            state = "Enabled" if mapping.enabled else "Disabled"
        return described(mapping, state, runner.result if runner else NOTHING_YET)

    def _stream(self, mapping: Mapping) -> Stream:
        stream = self._kinesis.store.find(mapping.account, mapping.region, mapping.stream_name)
        if stream is None:
            raise InvalidParameter(f"Stream not found: {mapping.stream_arn}")
        return stream

    def _check(self, caller: Caller, mapping: Mapping) -> None:
        """Raises InvalidParameter when the function's role lacks a right, or a setting cannot be used."""
        mapping.filters()
        if 0 <= mapping.maximum_age < LEAST_AGE:
            raise InvalidParameter("MaximumRecordAgeInSeconds must be -1 or between 60 and 604800.")
        role = caller.core.assume_role(
            mapping.role_arn, "lambda-event-source-mapping", account=mapping.account, region=mapping.region
        )
        if not all(role.may(action, mapping.stream_arn) for action in READ_ACTIONS):
            raise InvalidParameter(
                f"Cannot access stream {mapping.stream_arn}. Please ensure the role can perform the GetRecords,"
                " GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream in IAM."
            )
        if mapping.on_failure is not None:
            service = service_of(mapping.on_failure)
            if service not in ACTIONS:
                raise InvalidParameter(f"The destination {mapping.on_failure} is no queue, topic or bucket.")
            action = ACTIONS[service]
            if not role.may(action, resource_of(mapping.on_failure)):
                raise InvalidParameter(
                    "The provided execution role does not have permissions to call"
                    f" {action.partition(':')[2]} on {service.upper()}"
                )

    def _starts(self, mapping: Mapping, stream: Stream) -> dict[int, int]:
        """The sequence after which the mapping begins in each shard that there is now; later ones from their start."""
        store, starts = self._kinesis.store, {}
        for shard in stream.shards:
            if mapping.starting_position == "LATEST":
                starts[shard.number] = store.last(stream, shard.number) if shard.last is None else shard.last
            elif mapping.starting_timestamp is not None:
                first = store.first_since(stream, shard.number, mapping.starting_timestamp)
                starts[shard.number] = store.last(stream, shard.number) if first is None else first - 1
        return starts


def _is_stream(arn: str) -> bool:
    return arn.startswith("arn:") and arn.split(":")[2] == "kinesis"


def _refuse_unsupported(params: Params) -> None:
    if "/consumer/" in params.get("EventSourceArn", ""):
        raise NotImplementedHere("A stream consumer (enhanced fan-out) as event source is not implemented here.")
    for name in UNSUPPORTED:
        if params.get(name):
            raise NotImplementedHere(f"{name} of a Kinesis event source mapping is not implemented here.")


def _names(function: str, mapping: Mapping) -> bool:
    name = mapping.function_name
    return function in (mapping.function_arn, name, name.partition(":")[0]) or mapping.function_arn.endswith(
        f":{function}"
    )


def _function(caller: Caller, name: str) -> tuple[str, str]:
    """The ARN, with its qualifier if it has one, and the role of a function. Raises MappingNotFound."""
    functions = account_root(caller.core, caller.account, caller.region).client("lambda")
    try:
        found = functions.get_function_configuration(FunctionName=name)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
            raise
        arn = name if name.startswith("arn:") else caller.arn_of("lambda", f"function:{name}")
        raise MappingNotFound(f"Function not found: {arn}") from error
    # as it was asked for: an alias stays an alias, whichever version it stands for now
    qualifier = name.rpartition("function:")[2].partition(":")[2]
    arn = ":".join(found["FunctionArn"].split(":")[:7])
    return f"{arn}:{qualifier}" if qualifier else arn, found["Role"]
