"""Prepared statements: SQL with `?` in it, kept in a workgroup under a name, run by EXECUTE.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
"""

from __future__ import annotations

from typing import Any

from lakelab.cloud.athena.exceptions import InvalidRequest, ResourceNotFound
from lakelab.cloud.athena.paging import page
from lakelab.cloud.athena.store import Document, Scope, moment, now
from lakelab.cloud.database import Database


class PreparedStatements:
    def __init__(self, database: Database):
        self._database = database

    def create(self, scope: Scope, workgroup: str, name: str, statement: str, description: str | None = None) -> None:
        """Keep a statement under a new name. Raises InvalidRequest when the workgroup has one of that name."""
        with self._database.transaction() as connection:
            if self.find(scope, workgroup, name):
                raise InvalidRequest(f"PreparedStatement {name} already exists in workGroup {workgroup}")
            connection.execute(
                "insert into prepared_statements values (?,?,?,?,?,?,?)",
                (*scope, workgroup, name, now(), statement, description),
            )

    def find(self, scope: Scope, workgroup: str, name: str) -> Document | None:
        """The statement as GetPreparedStatement shows it, or None."""
        row = self._database.row(
            "select * from prepared_statements where account=? and region=? and workgroup=? and name=?",
            *scope,
            workgroup,
            name,
        )
        if row is None:
            return None
        return {
            "StatementName": row["name"],
            "QueryStatement": row["statement"],
            "WorkGroupName": row["workgroup"],
            "Description": row["description"],
            "LastModifiedTime": moment(row["modified"]),
        }

    def get(self, scope: Scope, workgroup: str, name: str) -> Document:
        found = self.find(scope, workgroup, name)
        if found is None:
            raise ResourceNotFound(_missing(workgroup, name), name)
        return found

    def batch_get(self, scope: Scope, workgroup: str, names: list[str]) -> Document:
        found = {name: self.find(scope, workgroup, name) for name in names}
        return {
            "PreparedStatements": [statement for statement in found.values() if statement],
            "UnprocessedPreparedStatementNames": [
                {
                    "StatementName": name,
                    "ErrorCode": "STATEMENT_NOT_FOUND",
                    "ErrorMessage": _missing(workgroup, name),
                }
                for name, statement in found.items()
                if statement is None
            ],
        }

    def list(self, scope: Scope, workgroup: str, params: dict[str, Any]) -> Document:
        rows = self._database.rows(
            "select name, modified from prepared_statements where account=? and region=? and workgroup=? order by name",
            *scope,
            workgroup,
        )
        shown, token = page(rows, params, key=lambda row: row["name"])
        return {
            "PreparedStatements": [
                {"StatementName": row["name"], "LastModifiedTime": moment(row["modified"])} for row in shown
            ],
            "NextToken": token,
        }

    def update(self, scope: Scope, workgroup: str, name: str, statement: str, description: str | None) -> None:
        with self._database.transaction() as connection:
            current = self.get(scope, workgroup, name)
            connection.execute(
                "update prepared_statements set statement=?, description=?, modified=?"
                " where account=? and region=? and workgroup=? and name=?",
                (statement, description or current["Description"], now(), *scope, workgroup, name),
            )

    def delete(self, scope: Scope, workgroup: str, name: str) -> None:
        with self._database.transaction() as connection:
            self.get(scope, workgroup, name)
            connection.execute(
                "delete from prepared_statements where account=? and region=? and workgroup=? and name=?",
                (*scope, workgroup, name),
            )


def _missing(workgroup: str, name: str) -> str:
    return f"PreparedStatement {name} was not found in workGroup {workgroup}"
