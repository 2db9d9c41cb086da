"""Query executions: what is known of each, and how its state may change.

A state changes only from QUEUED to RUNNING to one of SUCCEEDED, FAILED and CANCELLED, and never again after that.
"""

from __future__ import annotations

from typing import Any

from lakelab.cloud.athena.errors import Category, QueryError
from lakelab.cloud.athena.exceptions import InvalidRequest, QueryExecutionNotFound, TooManyRequests
from lakelab.cloud.athena.paging import LARGEST_PAGE, decode, encode, malformed
from lakelab.cloud.athena.store import Document, Scope, dump, load, moment, now
from lakelab.cloud.database import Database

KEPT_DAYS = 45  # https://docs.aws.amazon.com/athena/latest/ug/queries-viewing-history.html
MOST_ACTIVE = 200  # the quota of active DML queries in us-east-1
_ACTIVE = "('QUEUED', 'RUNNING')"


class Executions:
    """The executions of every account and region. Those that a dead process left unfinished have failed."""

    def __init__(self, database: Database):
        self._database = database
        self._fail_unfinished()
        with database.transaction() as connection:
            connection.execute("delete from executions where submitted < ?", (now() - KEPT_DAYS * 86400,))

    def add(self, scope: Scope, document: Document, token: str, fingerprint: str) -> str | None:
        """Keep a new execution; `fingerprint` is what may not differ between requests with the same token.

        Returns:
            None, or the id of the earlier execution that was started with this token: then nothing is kept.

        Raises:
            InvalidRequest: the token was used for a different request.
            TooManyRequests: too many executions are queued or running.
        """
        with self._database.transaction() as connection:
            earlier = self._database.row(
                "select id, fingerprint from executions where account=? and region=? and token=?", *scope, token
            )
            if earlier is not None:
                if earlier["fingerprint"] != fingerprint:
                    raise InvalidRequest("Idempotent parameters do not match", "IDEMPOTENT_PARAMETER_MISMATCH")
                return earlier["id"]
            active = self._database.row(
                f"select count(*) from executions where account=? and region=? and state in {_ACTIVE}", *scope
            )
            if active is not None and active[0] >= MOST_ACTIVE:
                raise TooManyRequests
            status = document["Status"]
            connection.execute(
                "insert into executions values (?,?,?,?,?,?,?,?,?,?)",
                (
                    document["QueryExecutionId"],
                    *scope,
                    document["WorkGroup"],
                    status["SubmissionDateTime"],
                    status["State"],
                    token,
                    fingerprint,
                    dump(document),
                    None,
                ),
            )
        return None

    def find(self, scope: Scope, execution_id: str) -> Document | None:
        """The execution as GetQueryExecution shows it, or None."""
        row = self._database.row(
            "select document from executions where id=? and account=? and region=?", execution_id, *scope
        )
        return _shown(load(row["document"])) if row else None

    def get(self, scope: Scope, execution_id: str) -> Document:
        """As `find`; raises InvalidRequest when there is none."""
        found = self.find(scope, execution_id)
        if found is None:
            raise QueryExecutionNotFound(execution_id)
        return found

    def known(self, execution_id: str) -> bool:
        """Whether any account has this execution."""
        return self._database.row("select 1 from executions where id=?", execution_id) is not None

    def workgroup_of(self, scope: Scope, execution_id: str) -> str | None:
        row = self._database.row(
            "select workgroup from executions where id=? and account=? and region=?", execution_id, *scope
        )
        return row["workgroup"] if row else None

    def result(self, execution_id: str) -> Document:
        """What a succeeded execution left: columns, counts, and where its rows are (see `results`)."""
        row = self._database.row("select result from executions where id=?", execution_id)
        return load(row["result"]) if row and row["result"] else {}

    def batch_get(self, scope: Scope, execution_ids: list[str]) -> Document:
        found = {execution_id: self.find(scope, execution_id) for execution_id in execution_ids}
        return {
            "QueryExecutions": [execution for execution in found.values() if execution],
            "UnprocessedQueryExecutionIds": [
                {
                    "QueryExecutionId": execution_id,
                    "ErrorCode": "QUERY_EXECUTION_NOT_FOUND",
                    "ErrorMessage": f"QueryExecution {execution_id} was not found",
                }
                for execution_id, execution in found.items()
                if execution is None
            ],
        }

    def list(self, scope: Scope, workgroup: str, params: dict[str, Any]) -> Document:
        """The ids of a workgroup's executions, newest first."""
        limit = params.get("MaxResults") or LARGEST_PAGE
        token = params.get("NextToken")
        position: list[Any] | None = [float("inf"), ""]
        if token is not None and (position := decode(token, 2)) is None:
            raise malformed(token)
        rows = self._database.rows(
            "select id, submitted from executions where account=? and region=? and workgroup=?"
            " and (submitted, id) < (?, ?) order by submitted desc, id desc limit ?",
            *scope,
            workgroup,
            *position,  # type: ignore[misc]  # None has raised above
            limit + 1,
        )
        shown = rows[:limit]
        following = encode([shown[-1]["submitted"], shown[-1]["id"]]) if len(rows) > limit else None
        return {"QueryExecutionIds": [row["id"] for row in shown], "NextToken": following}

    def candidates(self, scope: Scope, workgroup: str, since: float) -> list[Document]:
        """The succeeded executions of a workgroup since a time, newest first, as stored."""
        rows = self._database.rows(
            "select document from executions where account=? and region=? and workgroup=? and submitted >= ?"
            " and state='SUCCEEDED' order by submitted desc",
            *scope,
            workgroup,
            since,
        )
        return [load(row["document"]) for row in rows]

    def begin(self, execution_id: str) -> None:
        """QUEUED to RUNNING."""
        self._change(execution_id, {"State": "RUNNING"}, {})

    def succeed(self, execution_id: str, statistics: Document, result: Document, substatement: str) -> None:
        self._change(execution_id, {"State": "SUCCEEDED"}, statistics, result, substatement)

    def reuse(self, execution_id: str, location: str, result: Document) -> None:
        """End an execution with the result of an earlier one, which stays where it is."""
        statistics = {"ResultReuseInformation": {"ReusedPreviousResult": True}}
        self._change(execution_id, {"State": "SUCCEEDED"}, statistics, result, location=location)

    def fail(self, execution_id: str, error: QueryError, statistics: Document) -> None:
        status = {
            "State": "FAILED",
            "StateChangeReason": error.reason,
            "AthenaError": {
                "ErrorCategory": int(error.category),
                "ErrorType": error.type,
                "Retryable": error.retryable,
                "ErrorMessage": error.reason,
            },
        }
        self._change(execution_id, status, statistics)

    def cancel(self, execution_id: str, reason: str, statistics: Document) -> None:
        self._change(execution_id, {"State": "CANCELLED", "StateChangeReason": reason}, statistics)

    def _change(
        self,
        execution_id: str,
        status: Document,
        statistics: Document,
        result: Document | None = None,
        substatement: str | None = None,
        location: str | None = None,
    ) -> None:
        with self._database.transaction() as connection:
            row = self._database.row(f"select document from executions where id=? and state in {_ACTIVE}", execution_id)
            if row is None:
                return  # deleted with its workgroup meanwhile
            document = load(row["document"])
            document["Status"] |= status
            document["Statistics"] |= statistics
            if substatement:
                document["SubstatementType"] = substatement
            if location:
                document["ResultConfiguration"]["OutputLocation"] = location
            if status["State"] != "RUNNING":
                _complete(document)
            connection.execute(
                "update executions set state=?, document=?, result=? where id=?",
                (status["State"], dump(document), dump(result) if result else None, execution_id),
            )

    def _fail_unfinished(self) -> None:
        for row in self._database.rows(f"select id from executions where state in {_ACTIVE}"):
            self.fail(row["id"], server_stopped(), {})


def server_stopped() -> QueryError:
    """Why a statement failed that was queued or running when its process ended."""
    return QueryError(
        "",
        "The local AWS was stopped while this query was queued or running. Run the query again.",
        category=Category.SYSTEM,
        type=200,
        retryable=True,
    )


def _complete(document: Document) -> None:
    status, statistics = document["Status"], document["Statistics"]
    status["CompletionDateTime"] = now()
    total = round((status["CompletionDateTime"] - status["SubmissionDateTime"]) * 1000)
    statistics["TotalExecutionTimeInMillis"] = total
    for name in ("QueryQueueTimeInMillis", "EngineExecutionTimeInMillis", "ServiceProcessingTimeInMillis"):
        statistics.setdefault(name, 0)


def _shown(document: Document) -> Document:
    status = document["Status"]
    for name in ("SubmissionDateTime", "CompletionDateTime"):
        if name in status:
            status[name] = moment(status[name])
    return document
