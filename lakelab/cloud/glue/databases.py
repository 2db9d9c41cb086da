"""Operations on databases."""

from __future__ import annotations

from lakelab.cloud.errors import NotImplementedHere
from lakelab.cloud.glue.model import Scope
from lakelab.cloud.glue.operations import Operations
from lakelab.cloud.glue.paging import decode, page
from lakelab.cloud.wire import Call, Params


class DatabaseOperations(Operations):
    def create_database(self, call: Call, params: Params) -> Params:
        refuse_federated(params["DatabaseInput"])
        scope, document = Scope.of(call.caller, params), params["DatabaseInput"]
        with self.file.transaction():
            self.catalog.create_database(scope, document)
            self.tag(scope, f"database/{document['Name'].lower()}", params.get("Tags", {}))
        return {}

    def get_database(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, params)
        return {"Database": self.catalog.database(scope, params["Name"]).answer(scope)}

    def get_databases(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, params)
        if params.get("ResourceShareType") in ("FOREIGN", "FEDERATED"):
            return {"DatabaseList": []}
        limit = params.get("MaxResults", 100)
        found = self.catalog.databases(scope, after=decode(params.get("NextToken"), ""), limit=limit + 1)
        databases, token = page(found, limit, lambda database: database.name)
        answers = [database.answer(scope) for database in databases]
        if params.get("AttributesToGet") == ["NAME"]:
            answers = [{"Name": answer["Name"]} for answer in answers]
        return {"DatabaseList": answers, "NextToken": token}

    def update_database(self, call: Call, params: Params) -> Params:
        refuse_federated(params["DatabaseInput"])
        self.catalog.update_database(Scope.of(call.caller, params), params["Name"], params["DatabaseInput"])
        return {}

    def delete_database(self, call: Call, params: Params) -> Params:
        scope, name = Scope.of(call.caller, params), params["Name"].lower()
        with self.file.transaction():
            self.catalog.delete_database(scope, params["Name"])
            self.untag(scope, f"database/{name}")
            for function in self.entities.list(scope, "Function", after=f"{name}/"):
                if not function.name.startswith(f"{name}/"):
                    break
                self.entities.delete(scope, "Function", function.name)
        return {}

    def get_catalog_import_status(self, call: Call, params: Params) -> Params:
        # Athena's own catalog of before 2017 has nothing left to import
        return {"ImportStatus": {"ImportCompleted": True}}


def refuse_federated(document: Params) -> None:
    """Raises NotImplementedHere for a resource link or a federated database."""
    for member in ("TargetDatabase", "FederatedDatabase"):
        if member in document:
            raise NotImplementedHere(f"{member}: the local AWS has neither resource links nor federated databases.")
