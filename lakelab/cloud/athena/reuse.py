"""Result reuse: answering a query with the stored result of the same query.

Source: https://docs.aws.amazon.com/athena/latest/ug/reusing-query-results.html
"""

from __future__ import annotations

from lakelab.cloud.athena.executions import Executions
from lakelab.cloud.athena.results import Results
from lakelab.cloud.athena.store import Document, Scope, now
from lakelab.cloud.caller import Caller

DEFAULT_MINUTES = 60


def reusable(
    execution: Document, folder: str | None, scope: Scope, caller: Caller, executions: Executions, results: Results
) -> tuple[Document, Document] | None:
    """The newest earlier execution, with its result, that can answer `execution`; None when it has to run.

    It is the same SELECT with the same parameters, catalog, database and output folder, in the same workgroup, young
    enough, and the caller may read its result.
    """
    wish = execution["ResultReuseConfiguration"].get("ResultReuseByAgeConfiguration", {})
    if not wish.get("Enabled") or execution["SubstatementType"] != "SELECT" or folder is None:
        return None
    oldest = now() - wish.get("MaxAgeInMinutes", DEFAULT_MINUTES) * 60
    for earlier in executions.candidates(scope, execution["WorkGroup"], oldest):
        if _same(execution, earlier, folder) and not _reused(earlier):
            result = executions.result(earlier["QueryExecutionId"])
            if results.readable(caller, result):
                return earlier, result
    return None


def _same(execution: Document, earlier: Document, folder: str) -> bool:
    compared = ("Query", "QueryExecutionContext", "ExecutionParameters", "SubstatementType")
    location = earlier["ResultConfiguration"].get("OutputLocation", "")
    return (
        all(execution.get(name) == earlier.get(name) for name in compared)
        and location == f"{folder}{earlier['QueryExecutionId']}.csv"
    )


def _reused(execution: Document) -> bool:
    return execution["Statistics"].get("ResultReuseInformation", {}).get("ReusedPreviousResult", False)
