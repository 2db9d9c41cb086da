"""The process in which a Pulumi program runs: what Pulumi's own `pulumi-language-python-exec` is to the CLI.

It needs the SDK and nothing of lakelab, so it can run in the program's own virtual environment. It may be started before
there is anything to run: it imports the SDK, then waits for one line of JSON on its standard input. When that input
closes, the engine is gone and the process ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO


def main() -> None:
    orders = os.fdopen(os.dup(0), "rb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    import pulumi  # noqa: F401  # slow; done while the engine gets ready

    line = _line(orders)
    if not line:
        os._exit(0)
    threading.Thread(target=_end_with_engine, args=(orders,), daemon=True).start()
    code = _run(json.loads(line))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _line(orders: BinaryIO) -> bytes:
    """One line; unbuffered, so that nothing after it is swallowed."""
    found = bytearray()
    while not found.endswith(b"\n"):
        chunk = orders.read(65536)
        if not chunk:
            return b""
        found += chunk
        if b'"preload"' in found and found.endswith(b"\n"):
            order = json.loads(found)
            if "preload" in order:
                _preload(order["preload"])
                found.clear()
    return bytes(found)


def _preload(modules: list[str]) -> None:
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
            engine=job["engine"],
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
