"""The process in which Pulumi programs run: what Pulumi's own `pulumi-language-python-exec` is to the CLI.

It needs the SDK and nothing of lakelab, so it can run in the program's own virtual environment. It imports the SDK,
which takes longer than most programs do, and then forks a child for each program: the next one starts at once.

Orders are lines of JSON on standard input: `{"preload": [modules]}`, and `{"job": {...}, "token": "..."}`. What a
program prints goes to the shared standard output and error; at its end the line `<token> <exit code>` goes to both.
When standard input closes, the engine is gone, and the process and its program end.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.machinery
import json
import os
import runpy
import select
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1


def main() -> None:
    orders = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write)
    import pulumi  # noqa: F401  # slow; done while the engine gets ready

    child, token = 0, ""
    lines = _Lines(orders)
    while True:
        ready, _, _ = select.select([orders, wake_read], [], [])
        if wake_read in ready:
            os.read(wake_read, 4096)
            if child and _has_ended(child, token):
                child = 0
        if orders in ready:
            for line in lines.read():
                order = json.loads(line)
                _preload(order.get("preload", ()))
                if "job" in order:
                    token = order["token"]
                    child = _start(order["job"])
                elif order.get("stop") and child:
                    os.kill(child, signal.SIGKILL)
            if lines.ended:
                if child:
                    os.kill(child, signal.SIGKILL)
                os._exit(0)


class _Lines:
    """Lines that come in on a file descriptor, without waiting for more than there is."""

    def __init__(self, descriptor: int):
        self.ended = False
        self._descriptor = descriptor
        self._rest = b""

    def read(self) -> Iterator[bytes]:
        chunk = os.read(self._descriptor, 1 << 20)
        self.ended = not chunk
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        yield from whole


def _has_ended(child: int, token: str) -> bool:
    """Tells the engine how the child ended, if it has."""
    done, status = os.waitpid(child, os.WNOHANG)
    if not done:
        return False
    message = f"{token} {os.waitstatus_to_exitcode(status)}\n".encode()
    for stream in (1, 2):
        with contextlib.suppress(OSError):
            os.write(stream, message)
    return True


def _start(job: dict[str, Any]) -> int:
    """Runs a job in a child process; its process id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        _end_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.closerange(3, 64)
        code = _run(job)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_with_parent() -> None:
    """On Linux, the child is killed should its parent be."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _preload(modules: Sequence[str]) -> None:
    """Imports what the next program is likely to need."""
    import importlib

    for module in modules:
        try:
            getattr(
                importlib.import_module(module), "__all__", None
            )  # the SDK loads a module at the first look into it
        except ImportError:
            return


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
    _keep_no_bytecode_below(job["root"])
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

    async def program_and_outputs() -> None:
        runpy.run_path(program, run_name="__main__")
        await _outputs_settled()

    async def run() -> None:
        await run_in_stack(program_and_outputs)

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


def _keep_no_bytecode_below(root: str) -> None:
    """The program's own modules are always compiled anew.

    Python takes a compiled file for current when the source has the same size and was changed in the same second; a
    program that was edited twice in a second would be deployed as it was before.
    """
    loader = importlib.machinery.SourceFileLoader
    write = loader.set_data

    def only_libraries(self: Any, path: str, data: bytes, **mode: Any) -> None:
        if root not in path or "site-packages" in path:
            write(self, path, data, **mode)

    loader.set_data = only_libraries  # type: ignore[method-assign, assignment]


class _QuietEngine:
    """The engine as the SDK sees it, without the SDK's debug messages: several calls a resource that nobody reads."""

    def __init__(self, address: str):
        import grpc
        from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
        from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

        self._debug = engine_pb2.DEBUG
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address, options=_GRPC_CHANNEL_OPTIONS))

    def Log(self, request: Any) -> Any:
        return None if request.severity == self._debug else self._stub.Log(request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stub, name)


async def _outputs_settled() -> None:
    """Waits until no output is pending; those that failed stay with the SDK, which raises what they raised.

    The SDK's own wait (`pulumi.runtime.stack.wait_for_rpcs`) begins anew with all pending outputs each time that one is
    done, which takes the square of their number: seconds from some hundred resources on. After this one it has none.
    """
    from pulumi.runtime.settings import SETTINGS

    while pending := [output for output in list(getattr(SETTINGS, "outputs", ())) if not output.done()]:
        await asyncio.wait(pending)


def _traceback(error: BaseException, job: dict[str, Any]) -> str:
    """The traceback from the program's own first frame on; the error alone when it came from within the SDK."""
    frames = traceback.extract_tb(error.__traceback__)
    root = Path(job["root"])
    own = [
        i for i, frame in enumerate(frames) if root in Path(frame.filename).parents and ".venv" not in frame.filename
    ]
    what = "".join(traceback.format_exception_only(type(error), error)).rstrip()
    if not own:
        return what
    where = "".join(traceback.format_list(frames[own[0] :]))
    return f"Traceback (most recent call last):\n{where}{what}"


if __name__ == "__main__":
    main()
