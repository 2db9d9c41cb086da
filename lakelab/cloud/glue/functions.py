"""Operations on user-defined functions, which belong to a database."""

from __future__ import annotations

import re

from lakelab.cloud.glue.entities import Entity
from lakelab.cloud.glue.errors import EntityNotFound, InvalidInput
from lakelab.cloud.glue.model import Scope, moment
from lakelab.cloud.glue.operations import Operations
from lakelab.cloud.glue.paging import decode, page
from lakelab.cloud.wire import Call, Params


class FunctionOperations(Operations):
    def create_user_defined_function(self, call: Call, params: Params) -> Params:
        scope, document = Scope.of(call.caller, params), params["FunctionInput"]
        if not document.get("FunctionName"):
            raise InvalidInput("FunctionName must be given.")
        with self.file.transaction():
            self.catalog.database(scope, params["DatabaseName"])
            self.entities.create(scope, "Function", _key(params["DatabaseName"], document["FunctionName"]), document)
        return {}

    def get_user_defined_function(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, params)
        return {"UserDefinedFunction": _answer(self._function(scope, params), scope)}

    def get_user_defined_functions(self, call: Call, params: Params) -> Params:
        scope, database = Scope.of(call.caller, params), params.get("DatabaseName", "").lower()
        if database:
            self.catalog.database(scope, database)
        try:
            matches = re.compile(params["Pattern"], re.IGNORECASE).fullmatch
        except re.error as error:
            raise InvalidInput(f"Pattern is not a regular expression: {error}") from error
        limit = params.get("MaxResults", 100)
        found = [
            function
            for function in self.entities.list(scope, "Function", after=decode(params.get("NextToken"), ""))
            if matches(function.name.partition("/")[2])
            and (not database or function.name.startswith(f"{database}/"))
            and params.get("FunctionType") in (None, function.document.get("FunctionType"))
        ]
        functions, token = page(found, limit, lambda function: function.name)
        return {"UserDefinedFunctions": [_answer(function, scope) for function in functions], "NextToken": token}

    def update_user_defined_function(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, params)
        with self.file.transaction():
            function = self._function(scope, params)
            document = {"FunctionName": params["FunctionName"], **params["FunctionInput"]}
            self.entities.update(scope, "Function", function.name, document)
        return {}

    def delete_user_defined_function(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, params)
        with self.file.transaction():
            self.entities.delete(scope, "Function", self._function(scope, params).name)
        return {}

    def _function(self, scope: Scope, params: Params) -> Entity:
        self.catalog.database(scope, params["DatabaseName"])
        function = self.entities.find(scope, "Function", _key(params["DatabaseName"], params["FunctionName"]))
        if function is None:
            raise EntityNotFound(f"Function {params['FunctionName']} not found.")
        return function


def _key(database: str, function: str) -> str:
    return f"{database.lower()}/{function.lower()}"


def _answer(function: Entity, scope: Scope) -> Params:
    database, _, name = function.name.partition("/")
    return {
        **function.document,
        "FunctionName": name,
        "DatabaseName": database,
        "CreateTime": moment(function.created),
        "CatalogId": scope.account,
    }
