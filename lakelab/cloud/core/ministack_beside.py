"""MiniStack beside an outside core: its HTTP APIs invoke that core's functions, by the public API.

With `ministack` and its neighbours the only modules that know MiniStack's insides.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakelab.cloud.core.ministack import MiniStackCore
from lakelab.settings import Settings

FUNCTION = "lakelab:function"  # the record of an outside function, as far as MiniStack asks for one


def ministack_beside(config: Settings, state: Path, functions: Callable[[], Any]) -> MiniStackCore:
    """The embedded core without IAM: its callers are known to the outside core alone.

    Args:
        state: the folder of what it keeps.
        functions: gives a boto3 client of the outside core's Lambda.
    """
    core = MiniStackCore(config.model_copy(update={"iam": "off"}), state)
    _invoke_outside(functions)
    return core


def _invoke_outside(functions: Callable[[], Any]) -> None:
    from ministack.services import lambda_svc

    def find(reference: str, **_: Any) -> tuple[Any, Any, str]:
        return {FUNCTION: reference}, {}, reference

    def execute(record: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = functions().invoke(FunctionName=record[FUNCTION], Payload=json.dumps(event))
        except (BotoCoreError, ClientError) as error:
            return {"error": True, "body": {"message": "Internal Server Error", "detail": str(error)}}
        body = json.loads(answer["Payload"].read() or b"null")
        return {"error": True, "body": body} if answer.get("FunctionError") else {"body": body}

    lambda_svc._get_func_record_for_ref_in_scope = find
    lambda_svc._execution_record_for_config = lambda record, config: record
    lambda_svc._execute_function_with_config_scope = execute
