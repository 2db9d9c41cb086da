"""What an event source mapping is: a stream, a function, and how batches are made, retried and given up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from lakelab.cloud.streams.mappings.filters import Filters

FOREVER = -1


@dataclass(frozen=True)
class Mapping:
    """A mapping as it is now; a change makes a new one. `modified` is in seconds since 1970, ages are in seconds."""

    uuid: str
    account: str
    region: str
    stream_arn: str
    function_arn: str
    role_arn: str
    starting_position: str
    starting_timestamp: float | None = None
    enabled: bool = True
    batch_size: int = 100
    batching_window: int = 0
    parallelization_factor: int = 1
    maximum_retries: int = FOREVER
    maximum_age: int = FOREVER
    bisect: bool = False
    report_item_failures: bool = False
    on_failure: str | None = None
    patterns: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    modified: float = 0.0

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:event-source-mapping:{self.uuid}"

    @property
    def stream_name(self) -> str:
        return self.stream_arn.rpartition("/")[2]

    @property
    def function_name(self) -> str:
        """The function's name, with its qualifier if it has one."""
        return self.function_arn.split(":function:")[1]

    def filters(self) -> Filters:
        return Filters(self.patterns)

    def changed(self, settings: dict[str, Any]) -> Mapping:
        """This mapping with other settings."""
        return replace(self, **settings)


def settings_of(params: dict[str, Any]) -> dict[str, Any]:
    """The fields of a Mapping that a create or update request sets."""
    names = {
        "Enabled": "enabled",
        "BatchSize": "batch_size",
        "MaximumBatchingWindowInSeconds": "batching_window",
        "ParallelizationFactor": "parallelization_factor",
        "MaximumRetryAttempts": "maximum_retries",
        "MaximumRecordAgeInSeconds": "maximum_age",
        "BisectBatchOnFunctionError": "bisect",
    }
    found: dict[str, Any] = {names[name]: value for name, value in params.items() if name in names}
    if "FunctionResponseTypes" in params:
        found["report_item_failures"] = "ReportBatchItemFailures" in params["FunctionResponseTypes"]
    if "DestinationConfig" in params:
        found["on_failure"] = params["DestinationConfig"].get("OnFailure", {}).get("Destination") or None
    if "FilterCriteria" in params:
        found["patterns"] = tuple(each.get("Pattern", "") for each in params["FilterCriteria"].get("Filters", ()))
    return found


def described(mapping: Mapping, state: str, result: str) -> dict[str, Any]:
    """The mapping as the API answers it."""
    timestamp = mapping.starting_timestamp
    return {
        "UUID": mapping.uuid,
        "EventSourceMappingArn": mapping.arn,
        "EventSourceArn": mapping.stream_arn,
        "FunctionArn": mapping.function_arn,
        "StartingPosition": mapping.starting_position,
        "StartingPositionTimestamp": None if timestamp is None else datetime.fromtimestamp(timestamp, UTC),
        "BatchSize": mapping.batch_size,
        "MaximumBatchingWindowInSeconds": mapping.batching_window,
        "ParallelizationFactor": mapping.parallelization_factor,
        "MaximumRetryAttempts": mapping.maximum_retries,
        "MaximumRecordAgeInSeconds": mapping.maximum_age,
        "BisectBatchOnFunctionError": mapping.bisect,
        "TumblingWindowInSeconds": 0,
        "FunctionResponseTypes": ["ReportBatchItemFailures"] if mapping.report_item_failures else [],
        "DestinationConfig": {"OnFailure": {"Destination": mapping.on_failure} if mapping.on_failure else {}},
        "FilterCriteria": {"Filters": [{"Pattern": each} for each in mapping.patterns]} if mapping.patterns else None,
        "LastModified": datetime.fromtimestamp(mapping.modified, UTC),
        "LastProcessingResult": result,
        "State": state,
        "StateTransitionReason": "User action",
    }
