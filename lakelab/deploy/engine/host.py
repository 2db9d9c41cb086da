"""The process in which a Pulumi program runs: what Pulumi's own `pulumi-language-python-exec` is to the CLI.

It needs the SDK and nothing of lakelab, so it can run in the program's own virtual environment. It may be started before
there is anything to run: it imports the SDK, then reads lines of JSON from its standard input, `{"preload": [modules]}`
and then `{"job": {...}}`. When that input closes, the engine is gone and the process ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO


def main() -> None:
    orders = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    import pulumi  # noqa: F401  # slow; done while the engine gets ready

    job = None
    while job is None:
        line = orders.readline()
        if not line:
            os._exit(0)
        order = json.loads(line)
        _preload(order.get("preload", ()))
        job = order.get("job")
    threading.Thread(target=_end_with_engine, args=(orders,), daemon=True).start()
    code = _run(job)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _preload(modules: Sequence[str]) -> None:
    """Imports what the next program is likely to need."""
    import importlib

    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError:
            return


def _end_with_engine(orders: BinaryIO) -> None:
    while orders.read(4096):
        pass
    os._exit(1)


def _run(job: dict[str, Any]) -> int:
    import pulumi
    from pulumi.runtime import run_in_stack
    from pulumi.runtime.settings import Settings, configure

    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["folder"])
    program = job["program"]
    sys.argv = [program]
    sys.path.insert(0, job["folder"])
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(job["parallel"]))
    pulumi.runtime.set_all_config(job["config"], job["secretKeys"])
    configure(
        Settings(
            monitor=job["monitor"],
            engine=_QuietEngine(job["engine"]),
            project=job["project"],
            stack=job["stack"],
            parallel=job["parallel"],
            dry_run=job["dryRun"],
            organization="organization",
            root_directory=job["root"],
        )
    )

    async def run() -> None:
        await run_in_stack(lambda: _ignore(runpy.run_path(program, run_name="__main__")))

    try:
        loop.run_until_complete(run())
    except pulumi.RunError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except SystemExit as error:
        code = error.code
        if isinstance(code, str):
            print(f"error: {code}", file=sys.stderr)
            return 1
        return code or 0
    except BaseException as error:  # noqa: BLE001  # the last place where a program's error can be told
        print(_traceback(error, job), file=sys.stderr)
        return 1
    return 0


class _QuietEngine:
    """The engine as the SDK sees it, without the SDK's own debug messages: several calls a resource that nobody reads."""

    def __init__(self, address: str):
        import grpc
        from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
        from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

        self._debug = engine_pb2.DEBUG
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address, options=_GRPC_CHANNEL_OPTIONS))

    def Log(self, request: Any) -> Any:  # noqa: N802
        return None if request.severity == self._debug else self._stub.Log(request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stub, name)


def _ignore(_: Any) -> None:
    return None


def _traceback(error: BaseException, job: dict[str, Any]) -> str:
    """The traceback from the program's own first frame on."""
    frames = traceback.extract_tb(error.__traceback__)
    root = Path(job["root"])
    own = [i for i, frame in enumerate(frames) if root in Path(frame.filename).parents and ".venv" not in frame.filename]
    shown = frames[own[0] :] if own else frames
    where = "".join(traceback.format_list(shown))
    what = "".join(traceback.format_exception_only(type(error), error)).rstrip()
    return f"Traceback (most recent call last):\n{where}{what}"


if __name__ == "__main__":
    main()
