"""Pulumi's protobuf messages and gRPC stubs, loaded without the rest of the SDK.

`import pulumi` takes half a second and starts an event loop's worth of modules that only the user's program needs. The
generated protocol modules of the installed SDK are enough for the engine and for the provider, so they are loaded from
its folder under a package name of our own; the descriptors are the same objects that the SDK would register.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

import grpc

_PACKAGE = "lakelab.deploy._pulumi_protocol"
_MESSAGE_BYTES = 400 * 1024 * 1024

CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ("grpc.enable_http_proxy", 0),
]


def _load(module: str) -> Any:
    if _PACKAGE not in sys.modules:
        spec = importlib.util.find_spec("pulumi")
        if spec is None or not spec.submodule_search_locations:
            raise ImportError("the package pulumi is not installed")
        package = types.ModuleType(_PACKAGE)
        package.__path__ = [str(Path(spec.submodule_search_locations[0]) / "runtime" / "proto")]
        sys.modules[_PACKAGE] = package
    return importlib.import_module(f"{_PACKAGE}.{module}")


resource_pb2 = _load("resource_pb2")
engine_pb2 = _load("engine_pb2")
provider_pb2 = _load("provider_pb2")
plugin_pb2 = _load("plugin_pb2")
callback_pb2 = _load("callback_pb2")
resource_grpc = _load("resource_pb2_grpc")
engine_grpc = _load("engine_pb2_grpc")
provider_grpc = _load("provider_pb2_grpc")
callback_grpc = _load("callback_pb2_grpc")


def channel(address: str) -> grpc.Channel:
    """A channel to a Pulumi server on this machine."""
    return grpc.insecure_channel(address, options=CHANNEL_OPTIONS)


def error_text(error: grpc.RpcError) -> str:
    """What the other side said, without gRPC's own wrapping."""
    return (error.details() if isinstance(error, grpc.Call) else None) or str(error)
