"""LocalStack's Lambda functions as processes of this machine: its runtime executor where there is no Docker.

LocalStack decides everything about a function (versions, concurrency, retries, destinations, logs); an executor is one
execution environment. LocalStack finds this one by the entry point in the folder beside, and uses it when
LAMBDA_RUNTIME_EXECUTOR is `processes`.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

from localstack.services.lambda_.invocation.executor_endpoint import (  # pyright: ignore[reportMissingImports]
    StatusErrorException,
)
from localstack.services.lambda_.invocation.lambda_models import (  # pyright: ignore[reportMissingImports]
    InvocationResult,
)
from localstack.services.lambda_.invocation.plugins import (  # pyright: ignore[reportMissingImports]
    RuntimeExecutorPlugin,
)
from localstack.services.lambda_.invocation.runtime_executor import (  # pyright: ignore[reportMissingImports]
    RuntimeExecutor,
)

WORKER = Path(__file__).with_name("worker.py")
INHERITED = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE")


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """LocalStack's way to the executor."""

    name = "processes"

    def load(self, *_: Any, **__: Any) -> type[ProcessExecutor]:
        return ProcessExecutor


class ProcessExecutor(RuntimeExecutor):
    """One execution environment: a process of LAKELAB_PYTHON that runs one invocation after another."""

    def __init__(self, id: str, function_version: Any):
        super().__init__(id=id, function_version=function_version)
        self._environment: dict[str, str] = {}
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def start(self, env_vars: dict[str, str]) -> None:
        code = str(self.function_version.config.code.get_unzipped_code_location())
        self._environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self._environment |= {name: str(value) for name, value in env_vars.items()}
        self._environment |= {
            "AWS_ENDPOINT_URL": os.environ["LAKELAB_ENDPOINT"],  # where Glue and Athena are too
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.function_version.config.runtime}",
            "LAMBDA_TASK_ROOT": code,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._begin()

    def _begin(self) -> None:
        """Start the process and wait until it has loaded the handler. Raises StatusErrorException when it cannot."""
        self._process = subprocess.Popen(
            [os.environ["LAKELAB_PYTHON"], "-P", str(WORKER)],
            cwd=self._environment["LAMBDA_TASK_ROOT"],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        answer = self._answer()
        if answer is None or "error" in answer:
            error = answer["error"] if answer else {"errorType": "Runtime.ExitError", "errorMessage": "it ended"}
            raise StatusErrorException("the handler cannot be loaded", payload=json.dumps(error).encode())

    def _answer(self) -> dict[str, Any] | None:
        """The process's next line; None when it has ended."""
        line = self._process.stdout.readline() if self._process and self._process.stdout else ""
        return json.loads(line) if line else None

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._begin()  # the last invocation took its process with it
            return self._run(payload)

    def _run(self, payload: dict[str, str]) -> InvocationResult:
        process, request = self._process, payload["invoke-id"]
        if process is None or process.stdin is None:
            raise RuntimeError("the execution environment is not started")
        seconds = float(self._environment["AWS_LAMBDA_FUNCTION_TIMEOUT"])
        timed_out = threading.Event()

        def give_up() -> None:
            timed_out.set()
            process.kill()

        late = threading.Timer(seconds, give_up)
        late.start()
        try:
            process.stdin.write(json.dumps(payload) + "\n")
            process.stdin.flush()
            answer = self._answer()
        except BrokenPipeError:
            answer = None
        finally:
            late.cancel()
        if answer is not None:
            body = json.dumps(answer["error"]) if "error" in answer else answer["response"]
            return InvocationResult(request, body.encode(), is_error="error" in answer, logs=answer["logs"])
        code = process.wait()
        if timed_out.is_set():
            error = {"errorMessage": f"{request} Task timed out after {seconds:.2f} seconds"}
        else:
            text = f"RequestId: {request} Error: Runtime exited with error: exit status {code}"
            error = {"errorType": "Runtime.ExitError", "errorMessage": text}
        logs = f"START RequestId: {request}\n{error['errorMessage']}\nEND RequestId: {request}\n"
        return InvocationResult(request, json.dumps(error).encode(), is_error=True, logs=logs)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def get_logs(self) -> str:
        return ""  # each invocation's logs come with its result

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return ""  # the process is spoken to by its standard streams

    @classmethod
    def prepare_version(cls, function_version: Any) -> None:
        runtime = function_version.config.runtime or ""
        if not runtime.startswith("python"):
            raise ValueError(f"without Docker only Python functions run, not {runtime or 'images'}")
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: Any) -> None:
        """The code's folder is LocalStack's own to delete."""
