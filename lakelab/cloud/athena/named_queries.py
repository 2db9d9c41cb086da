"""Named queries: SQL saved in a workgroup under a name and found by an id."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from lakelab.cloud.athena.exceptions import InvalidRequest
from lakelab.cloud.athena.paging import page
from lakelab.cloud.athena.store import Document, Scope, dump, load, now
from lakelab.cloud.database import Database


class NamedQueries:
    def __init__(self, database: Database):
        self._database = database

    def create(self, scope: Scope, workgroup: str, params: dict[str, Any]) -> str:
        """Save a query and answer its id; a repeated ClientRequestToken answers the id of the first.

        Raises:
            InvalidRequest: the token was used for another query.
        """
        token = params.get("ClientRequestToken")
        document = {name: params[name] for name in ("Name", "Description", "Database", "QueryString") if name in params}
        document["WorkGroup"] = workgroup
        with self._database.transaction() as connection:
            earlier = self._database.row(
                "select id, document from named_queries where account=? and region=? and token=?", *scope, token
            )
            if earlier is not None:
                if load(earlier["document"]) != document:
                    raise InvalidRequest("Idempotent parameters do not match", "IDEMPOTENT_PARAMETER_MISMATCH")
                return earlier["id"]
            query_id = str(uuid4())
            connection.execute(
                "insert into named_queries values (?,?,?,?,?,?,?)",
                (query_id, *scope, workgroup, now(), token, dump(document)),
            )
        return query_id

    def find(self, scope: Scope, query_id: str) -> Document | None:
        """The query as GetNamedQuery shows it, or None."""
        row = self._database.row(
            "select document from named_queries where id=? and account=? and region=?", query_id, *scope
        )
        return load(row["document"]) | {"NamedQueryId": query_id} if row else None

    def get(self, scope: Scope, query_id: str) -> Document:
        found = self.find(scope, query_id)
        if found is None:
            raise InvalidRequest(f"NamedQuery {query_id} was not found", "NAMED_QUERY_NOT_FOUND")
        return found

    def batch_get(self, scope: Scope, query_ids: list[str]) -> Document:
        found = {query_id: self.find(scope, query_id) for query_id in query_ids}
        return {
            "NamedQueries": [query for query in found.values() if query],
            "UnprocessedNamedQueryIds": [
                {
                    "NamedQueryId": query_id,
                    "ErrorCode": "NAMED_QUERY_NOT_FOUND",
                    "ErrorMessage": f"NamedQuery {query_id} was not found",
                }
                for query_id, query in found.items()
                if query is None
            ],
        }

    def list(self, scope: Scope, workgroup: str, params: dict[str, Any]) -> Document:
        rows = self._database.rows(
            "select id from named_queries where account=? and region=? and workgroup=? order by id", *scope, workgroup
        )
        shown, token = page(rows, params, key=lambda row: row["id"])
        return {"NamedQueryIds": [row["id"] for row in shown], "NextToken": token}

    def update(self, scope: Scope, params: dict[str, Any]) -> None:
        with self._database.transaction() as connection:
            document = self.get(scope, params["NamedQueryId"])
            document.pop("NamedQueryId")
            document |= {name: params[name] for name in ("Name", "Description", "QueryString") if name in params}
            connection.execute(
                "update named_queries set document=? where id=?", (dump(document), params["NamedQueryId"])
            )

    def delete(self, scope: Scope, query_id: str) -> None:
        with self._database.transaction() as connection:
            self.get(scope, query_id)
            connection.execute("delete from named_queries where id=?", (query_id,))
