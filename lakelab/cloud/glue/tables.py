"""Operations on tables and their versions."""

from __future__ import annotations

import re

from lakelab.cloud.errors import AwsError, NotImplementedHere
from lakelab.cloud.glue.errors import EntityNotFound, InvalidInput, detail
from lakelab.cloud.glue.indexes import IndexOperations
from lakelab.cloud.glue.model import Scope
from lakelab.cloud.glue.paging import decode, page
from lakelab.cloud.wire import Call, Params

_NEWEST = 2**62  # no version is as high


class TableOperations(IndexOperations):
    def create_table(self, call: Call, params: Params) -> Params:
        scope, document = Scope.of(call.caller, params), _table_input(params)
        with self.file.transaction():
            table = self.catalog.create_table(scope, params["DatabaseName"], document, created_by=call.caller.arn)
            for index in params.get("PartitionIndexes", ()):
                self.add_partition_index(table, index)
        return {}

    def get_table(self, call: Call, params: Params) -> Params:
        _refuse_time_travel(params)
        scope = Scope.of(call.caller, params)
        self.catalog.database(scope, params["DatabaseName"])
        try:
            table = self.catalog.table(scope, params["DatabaseName"], params["Name"])
        except EntityNotFound as error:
            raise EntityNotFound("Entity Not Found") from error
        return {"Table": table.answer(scope)}

    def get_tables(self, call: Call, params: Params) -> Params:
        _refuse_time_travel(params)
        scope, database = Scope.of(call.caller, params), params["DatabaseName"]
        limit = params.get("MaxResults", 100)
        names = self.catalog.table_names(scope, database, after=decode(params.get("NextToken"), ""))
        matches = _pattern(params.get("Expression")).fullmatch
        names, token = page([name for name in names if matches(name)], limit, str)
        answers = [table.answer(scope) for table in self.catalog.tables(scope, database, names)]
        if params.get("AttributesToGet"):
            wanted = {"NAME": "Name", "TABLE_TYPE": "TableType"}
            members = {"Name", *(wanted.get(attribute) for attribute in params["AttributesToGet"])}
            answers = [{name: answer[name] for name in answer if name in members} for answer in answers]
        return {"TableList": answers, "NextToken": token}

    def update_table(self, call: Call, params: Params) -> Params:
        with self.file.transaction():
            before, after = self.catalog.update_table(
                Scope.of(call.caller, params),
                params["DatabaseName"],
                _table_input(params),
                expected_version=_version(params["VersionId"]) if "VersionId" in params else None,
                archive=not params.get("SkipArchive", False),
            )
            if [type_ for _, type_ in before.keys] != [type_ for _, type_ in after.keys]:
                self.partitions.retype(after)
        return {}

    def delete_table(self, call: Call, params: Params) -> Params:
        self.catalog.delete_table(Scope.of(call.caller, params), params["DatabaseName"], params["Name"])
        return {}

    def batch_delete_table(self, call: Call, params: Params) -> Params:
        scope, errors = Scope.of(call.caller, params), []
        self.catalog.database(scope, params["DatabaseName"])
        for name in params["TablesToDelete"]:
            try:
                self.catalog.delete_table(scope, params["DatabaseName"], name)
            except EntityNotFound as error:
                # here, unlike elsewhere, AWS's text has no full stop
                errors.append({"TableName": name, "ErrorDetail": detail(EntityNotFound(error.message.rstrip(".")))})
        return {"Errors": errors}

    def get_table_version(self, call: Call, params: Params) -> Params:
        scope, table = self.table_of(call, params)
        version = _version(params["VersionId"]) if "VersionId" in params else table.version
        return {"TableVersion": self.catalog.version(table, version).version_answer(scope)}

    def get_table_versions(self, call: Call, params: Params) -> Params:
        scope, table = self.table_of(call, params)
        limit = params.get("MaxResults", 100)
        found = self.catalog.versions(table, before=decode(params.get("NextToken"), _NEWEST), limit=limit + 1)
        versions, token = page(found, limit, lambda version: version.version)
        return {"TableVersions": [version.version_answer(scope) for version in versions], "NextToken": token}

    def delete_table_version(self, call: Call, params: Params) -> Params:
        _, table = self.table_of(call, params)
        self.catalog.delete_version(table, _version(params["VersionId"]))
        return {}

    def batch_delete_table_version(self, call: Call, params: Params) -> Params:
        _, table = self.table_of(call, params)
        errors = []
        for version in params["VersionIds"]:
            try:
                self.catalog.delete_version(table, _version(version))
            except AwsError as error:
                errors.append({"TableName": table.name, "VersionId": version, "ErrorDetail": detail(error)})
        return {"Errors": errors}


def _table_input(params: Params) -> Params:
    for member in ("OpenTableFormatInput", "UpdateOpenTableFormatInput", "TransactionId", "ViewUpdateAction"):
        if member in params:
            raise NotImplementedHere(f"{member} is not implemented by the local AWS.")
    document = params.get("TableInput")
    if document is None:
        raise InvalidInput("TableInput must be given.")
    for member in ("TargetTable", "FederatedTable", "ViewDefinition"):
        if member in document:
            raise NotImplementedHere(f"TableInput.{member} is not implemented by the local AWS.")
    return document


def _refuse_time_travel(params: Params) -> None:
    for member in ("QueryAsOfTime", "TransactionId"):
        if member in params:
            raise NotImplementedHere(f"{member}: the local AWS has no governed tables.")


def _pattern(expression: str | None) -> re.Pattern[str]:
    # a star after a letter, or first, stands for any text as in Hive's patterns: awswrangler sends `orders*`, `*orders`
    expression = re.sub(r"(?<![.\])])\*", ".*", expression or ".*")
    try:
        return re.compile(expression, re.IGNORECASE)
    except re.error as error:
        raise InvalidInput(f"Expression is not a regular expression: {error}") from error


def _version(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InvalidInput(f"Invalid version id: {text}") from error
