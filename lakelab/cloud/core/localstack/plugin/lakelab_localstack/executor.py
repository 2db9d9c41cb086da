"""LocalStack's Lambda functions as processes of this machine: its runtime executor where there is no Docker.

LocalStack decides everything about a function (versions, concurrency, retries, destinations, logs); an executor is one
execution environment. LocalStack finds this one by the entry point in the folder beside, and uses it when
LAMBDA_RUNTIME_EXECUTOR is `processes`.
"""

from __future__ import annotations

import json
import os
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

from .processes import LoadFailure, Pool

INHERITED = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE")


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """LocalStack's way to the executor."""

    name = "processes"

    def load(self, *_: Any, **__: Any) -> type[ProcessExecutor]:
        return ProcessExecutor


class ProcessExecutor(RuntimeExecutor):
    """One execution environment, which runs its invocations in the processes of its function's version."""

    def __init__(self, id: str, function_version: Any):
        super().__init__(id=id, function_version=function_version)
        self._environment: dict[str, str] = {}
        revision = function_version.config.internal_revision  # $LATEST is another function after each update
        self._pool = Pool.of(f"{function_version.qualified_arn} {revision}")
        self._joined = False

    def start(self, env_vars: dict[str, str]) -> None:
        self._environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self._environment |= {name: str(value) for name, value in env_vars.items()}
        self._environment |= {
            "AWS_ENDPOINT_URL": os.environ["LAKELAB_ENDPOINT"],  # where Glue and Athena are too
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.function_version.config.runtime}",
            "LAMBDA_TASK_ROOT": str(self.function_version.config.code.get_unzipped_code_location()),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        try:
            self._pool.join(self._environment)
        except LoadFailure as failure:
            payload = json.dumps(failure.error).encode()
            raise StatusErrorException("the handler cannot be loaded", payload=payload) from failure
        self._joined = True

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        answer = self._pool.run(self._environment, payload)
        body = json.dumps(answer["error"]) if "error" in answer else answer["response"]
        return InvocationResult(payload["invoke-id"], body.encode(), is_error="error" in answer, logs=answer["logs"])

    def stop(self) -> None:
        if self._joined:
            self._joined = False
            self._pool.leave()

    def get_logs(self) -> str:
        return ""  # each invocation's logs come with its result

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return ""  # the processes are spoken to by their standard streams

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
