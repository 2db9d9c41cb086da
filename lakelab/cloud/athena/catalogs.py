"""Data catalogs: the names under which queries reach a metastore. AwsDataCatalog, the Glue catalog, is always there."""

from __future__ import annotations

from typing import Any

from lakelab.cloud.athena.exceptions import InvalidRequest
from lakelab.cloud.athena.paging import page
from lakelab.cloud.athena.store import Document, Scope, dump, load
from lakelab.cloud.athena.tags import Tags
from lakelab.cloud.database import Database
from lakelab.cloud.errors import NotImplementedHere

GLUE_CATALOG = "AwsDataCatalog"


class DataCatalogs:
    """The data catalogs of every account and region; their names count in any case."""

    def __init__(self, database: Database, tags: Tags):
        self._database = database
        self._tags = tags

    def create(self, scope: Scope, params: dict[str, Any]) -> Document:
        name = params["Name"]
        if params["Type"] == "FEDERATED":
            raise NotImplementedHere("Data catalogs of type FEDERATED are not implemented by the local AWS.")
        document = {key: params[key] for key in ("Name", "Type", "Description", "Parameters") if key in params}
        _check(document)
        document["Status"] = "CREATE_COMPLETE"
        with self._database.transaction() as connection:
            if self.find(scope, name):
                raise InvalidRequest(f"DataCatalog {name} has already been created.")
            connection.execute("insert into data_catalogs values (?,?,?,?)", (*scope, name, dump(document)))
            self._tags.set(scope, f"datacatalog/{name}", params.get("Tags", []))
        return document

    def find(self, scope: Scope, name: str) -> Document | None:
        """The catalog as GetDataCatalog shows it, or None."""
        if name.lower() == GLUE_CATALOG.lower():
            return _glue(scope)
        row = self._database.row(
            "select document from data_catalogs where account=? and region=? and name=?", *scope, name
        )
        return load(row["document"]) if row else None

    def get(self, scope: Scope, name: str) -> Document:
        found = self.find(scope, name)
        if found is None:
            raise InvalidRequest(f"DataCatalog {name} was not found.")
        return found

    def list(self, scope: Scope, params: dict[str, Any]) -> Document:
        rows = self._database.rows("select document from data_catalogs where account=? and region=?", *scope)
        catalogs = sorted([_glue(scope), *(load(row["document"]) for row in rows)], key=lambda catalog: catalog["Name"])
        shown, token = page(catalogs, params, key=lambda catalog: catalog["Name"])
        return {
            "DataCatalogsSummary": [
                {"CatalogName": catalog["Name"], "Type": catalog["Type"], "Status": catalog.get("Status")}
                for catalog in shown
            ],
            "NextToken": token,
        }

    def update(self, scope: Scope, params: dict[str, Any]) -> None:
        name = params["Name"]
        with self._database.transaction() as connection:
            current = self._own(scope, name)
            document = current | {key: params[key] for key in ("Type", "Description", "Parameters") if key in params}
            _check(document)
            connection.execute(
                "update data_catalogs set document=? where account=? and region=? and name=?",
                (dump(document), *scope, name),
            )

    def delete(self, scope: Scope, name: str) -> Document:
        with self._database.transaction() as connection:
            document = self._own(scope, name)
            connection.execute("delete from data_catalogs where account=? and region=? and name=?", (*scope, name))
            self._tags.clear(scope, f"datacatalog/{document['Name']}")
        return document | {"Status": "DELETE_COMPLETE"}

    def require_glue(self, scope: Scope, name: str) -> None:
        """Raise unless the name leads to this account's Glue catalog, the one metastore that is here.

        Raises:
            InvalidRequest: there is no such catalog.
            NotImplementedHere: it is a Lambda, Hive or another account's catalog.
        """
        catalog = self.find(scope, name)
        if catalog is None:
            raise InvalidRequest(f"Catalog '{name}' does not exist", "DATACATALOG_NOT_FOUND")
        if catalog["Type"] != "GLUE" or catalog["Parameters"]["catalog-id"] != scope.account:
            raise NotImplementedHere(
                f"Data catalog {name} of type {catalog['Type']} cannot be queried: "
                "the local AWS has the account's own Glue catalog alone."
            )

    def _own(self, scope: Scope, name: str) -> Document:
        if name.lower() == GLUE_CATALOG.lower():
            raise InvalidRequest(f"DataCatalog {GLUE_CATALOG} cannot be changed or deleted.")
        return self.get(scope, name)


def _glue(scope: Scope) -> Document:
    return {"Name": GLUE_CATALOG, "Type": "GLUE", "Parameters": {"catalog-id": scope.account}}


def _check(document: Document) -> None:
    parameters = document.get("Parameters", {})
    if document["Type"] == "GLUE" and "catalog-id" not in parameters:
        raise InvalidRequest("Parameter catalog-id is required for a data catalog of type GLUE.")
    if document["Type"] == "HIVE" and "metadata-function" not in parameters:
        raise InvalidRequest("Parameter metadata-function is required for a data catalog of type HIVE.")
    if document["Type"] == "LAMBDA" and not (
        "function" in parameters or {"metadata-function", "record-function"} <= set(parameters)
    ):
        raise InvalidRequest(
            "Parameters metadata-function and record-function, or function, are required for a data catalog of type "
            "LAMBDA."
        )
