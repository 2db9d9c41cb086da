"""Tags of workgroups and data catalogs."""

from __future__ import annotations

from typing import Any

from lakelab.cloud.athena.exceptions import InvalidRequest, ResourceNotFound
from lakelab.cloud.athena.paging import page
from lakelab.cloud.athena.store import Document, Scope
from lakelab.cloud.database import Database

MOST_TAGS = 50
_KINDS = {"workgroup": "workgroups", "datacatalog": "data_catalogs"}


class Tags:
    """The tags of every account and region, by resource (`workgroup/primary`)."""

    def __init__(self, database: Database):
        self._database = database

    def set(self, scope: Scope, resource: str, tags: list[dict[str, str]]) -> None:
        """Add tags; one with a known key replaces the value.

        Raises:
            InvalidRequest: the resource would have more than 50 tags.
        """
        with self._database.transaction() as connection:
            connection.executemany(
                "insert or replace into tags values (?,?,?,?,?)",
                [(*scope, resource, tag["Key"], tag.get("Value", "")) for tag in tags],
            )
            if len(self._rows(scope, resource)) > MOST_TAGS:
                raise InvalidRequest(f"A resource can have at most {MOST_TAGS} tags.")

    def clear(self, scope: Scope, resource: str, keys: list[str] | None = None) -> None:
        """Remove tags: those with these keys, or all."""
        with self._database.transaction() as connection:
            for key in keys if keys is not None else [row["key"] for row in self._rows(scope, resource)]:
                connection.execute(
                    "delete from tags where account=? and region=? and resource=? and key=?", (*scope, resource, key)
                )

    def list(self, scope: Scope, resource: str, params: dict[str, Any]) -> Document:
        shown, token = page(self._rows(scope, resource), params, key=lambda row: row["key"], size=75)
        return {"Tags": [{"Key": row["key"], "Value": row["value"]} for row in shown], "NextToken": token}

    def resource(self, scope: Scope, arn: str) -> str:
        """What an ARN names (`workgroup/primary`).

        Raises:
            InvalidRequest: it is no ARN of a workgroup or data catalog of this account and region.
            ResourceNotFound: it names nothing that exists.
        """
        resource = arn.rpartition(":")[2]
        kind, _, name = resource.partition("/")
        if kind not in _KINDS or not name or arn != f"arn:aws:athena:{scope.region}:{scope.account}:{resource}":
            raise InvalidRequest(f"Invalid Amazon Resource Name: {arn}")
        found = self._database.row(
            f"select 1 from {_KINDS[kind]} where account=? and region=? and name=?", *scope, name
        )
        if found is None and resource != "workgroup/primary":
            raise ResourceNotFound(f"Resource {arn} was not found.", arn)
        return resource

    def _rows(self, scope: Scope, resource: str) -> list[Any]:
        return self._database.rows(
            "select key, value from tags where account=? and region=? and resource=? order by key", *scope, resource
        )
