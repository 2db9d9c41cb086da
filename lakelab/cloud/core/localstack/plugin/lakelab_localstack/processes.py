"""The processes that run functions: so many at a time, each of one function's version, kept for its next invocation."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("worker.py")
SLOTS = threading.Semaphore(int(os.environ.get("LAKELAB_LAMBDA_CONCURRENCY", "4")))
SLOT_SECONDS = 30.0  # a function that waits for another one that waits for a slot would wait for ever


class LoadFailure(Exception):
    """The handler cannot be loaded; `error` is as Lambda describes it."""

    def __init__(self, error: dict[str, Any]):
        super().__init__(error.get("errorMessage", ""))
        self.error = error


class Worker:
    """A process of LAKELAB_PYTHON that has loaded a handler. Raises LoadFailure when it cannot."""

    def __init__(self, environment: Mapping[str, str]):
        self._seconds = float(environment["AWS_LAMBDA_FUNCTION_TIMEOUT"])
        self._process = subprocess.Popen(
            [os.environ["LAKELAB_PYTHON"], "-P", str(WORKER)],
            cwd=environment["LAMBDA_TASK_ROOT"],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        answer = self._answer()
        if answer is None or "error" in answer:
            self.end()
            raise LoadFailure(answer["error"] if answer else {"errorType": "Runtime.ExitError", "errorMessage": ""})

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def run(self, payload: Mapping[str, str]) -> dict[str, Any]:
        """`response` or `error`, and `logs`, of one invocation; the process is gone after a timeout or a crash."""
        timed_out = threading.Event()

        def give_up() -> None:
            timed_out.set()
            self._process.kill()

        late = threading.Timer(self._seconds, give_up)
        late.start()
        try:
            answer = self._ask(payload)
        finally:
            late.cancel()
        if answer is not None:
            return answer
        request, code = payload["invoke-id"], self._process.wait()
        if timed_out.is_set():
            error = {"errorMessage": f"{request} Task timed out after {self._seconds:.2f} seconds"}
        else:
            text = f"RequestId: {request} Error: Runtime exited with error: exit status {code}"
            error = {"errorType": "Runtime.ExitError", "errorMessage": text}
        logs = f"START RequestId: {request}\n{error['errorMessage']}\nEND RequestId: {request}\n"
        return {"error": error, "logs": logs}

    def _ask(self, payload: Mapping[str, str]) -> dict[str, Any] | None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(payload) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return None
        return self._answer()

    def _answer(self) -> dict[str, Any] | None:
        """The process's next line; None when it has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else None

    def end(self) -> None:
        with self._process:
            self._process.kill()


class Pool:
    """The processes of one version of a function. LocalStack has an environment for each event at a time; here they
    share as many processes as there are slots."""

    _pools: defaultdict[str, Pool]
    _lock = threading.Lock()

    def __init__(self) -> None:
        self._idle: list[Worker] = []
        self._environments = 0

    @classmethod
    def of(cls, version: str) -> Pool:
        """The pool of a version, by whatever tells it from others."""
        with cls._lock:
            return cls._pools[version]

    def join(self, environment: Mapping[str, str]) -> None:
        """An environment of LocalStack's begins: the first finds out whether the handler can be loaded."""
        with self._lock:
            self._environments += 1
            first = self._environments == 1
        if not first:
            return
        try:
            worker = Worker(environment)
        except LoadFailure:
            with self._lock:
                self._environments -= 1
            raise
        self._give_back(worker)

    def leave(self) -> None:
        """An environment ends; the last one takes the processes with it."""
        with self._lock:
            self._environments = max(0, self._environments - 1)
            ended, self._idle = ([], self._idle) if self._environments else (self._idle, [])
        for worker in ended:
            worker.end()

    def run(self, environment: Mapping[str, str], payload: Mapping[str, str]) -> dict[str, Any]:
        """Run one invocation when there is a slot."""
        held = SLOTS.acquire(timeout=SLOT_SECONDS)
        try:
            worker = self._take() or Worker(environment)
            answer = worker.run(payload)
            self._give_back(worker)
            return answer
        except LoadFailure as failure:
            return {"error": failure.error, "logs": ""}
        finally:
            if held:
                SLOTS.release()

    def _take(self) -> Worker | None:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    return worker
        return None

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            if worker.alive and self._environments:
                self._idle.append(worker)
                return
        worker.end()


Pool._pools = defaultdict(Pool)
