"""SearchTables: https://docs.aws.amazon.com/glue/latest/webapi/API_SearchTables.html."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from lakelab.cloud.glue.errors import InvalidInput
from lakelab.cloud.glue.model import Scope
from lakelab.cloud.glue.operations import Operations
from lakelab.cloud.glue.paging import decode, page
from lakelab.cloud.wire import Call, Params

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "EQUALS": operator.eq,
    "GREATER_THAN": operator.gt,
    "LESS_THAN": operator.lt,
    "GREATER_THAN_EQUALS": operator.ge,
    "LESS_THAN_EQUALS": operator.le,
}
_TIMES = {"createtime": "CreateTime", "updatetime": "UpdateTime", "lastaccesstime": "LastAccessTime"}
_TEXTS = {"name": "Name", "databasename": "DatabaseName", "description": "Description", "owner": "Owner"}


class SearchOperations(Operations):
    def search_tables(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, params)
        if params.get("ResourceShareType") in ("FOREIGN", "FEDERATED"):
            return {"TableList": []}
        accepts = [_filter(filter_) for filter_ in params.get("Filters", ())]
        text = params.get("SearchText", "").lower()
        tables = [
            table
            for table in self._all_tables(scope)
            if all(accept(table) for accept in accepts) and (not text or _contains(table, text))
        ]
        for criterion in reversed(params.get("SortCriteria", ())):
            name = criterion.get("FieldName", "Name").lower()
            member = _TIMES.get(name) or _TEXTS.get(name)
            if member is None:
                raise InvalidInput(f"Tables cannot be sorted by {criterion['FieldName']}.")
            descending = criterion.get("Sort") == "DESC"
            tables.sort(key=lambda table, member=member: _sortable(table.get(member)), reverse=descending)
        start, limit = decode(params.get("NextToken"), 0), params.get("MaxResults", 100)
        numbered, token = page(list(enumerate(tables, 1))[start:], limit, lambda pair: pair[0])
        return {"TableList": [table for _, table in numbered], "NextToken": token}

    def _all_tables(self, scope: Scope) -> Iterator[Params]:
        for database in self.catalog.databases(scope):
            names = self.catalog.table_names(scope, database.name)
            for table in self.catalog.tables(scope, database.name, names):
                yield table.answer(scope)


def _sortable(value: Any) -> tuple[bool, Any]:
    return value is not None, value


def _filter(filter_: Params) -> Callable[[Params], bool]:
    """Whether a table meets one PropertyPredicate.

    A text is split at its punctuation into words, and one of them must be the value: `link` finds `customer-link` and
    not `customerlink`. A key that is no field of the table is one of its parameters.
    """
    key, value = filter_.get("Key", ""), filter_.get("Value", "")
    if key.lower() in _TIMES:
        member, compare, moment = _TIMES[key.lower()], _COMPARE[filter_.get("Comparator", "EQUALS")], _moment(value)
        return lambda table: member in table and compare(table[member], moment)
    if key.lower() in _TEXTS:
        member = _TEXTS[key.lower()]
        return lambda table: value.lower() in _words(table.get(member, ""))
    return lambda table: value.lower() in _words(table.get("Parameters", {}).get(key, ""))


def _words(text: str) -> set[str]:
    return {text.lower(), *re.split(r"[^0-9a-z]+", text.lower())}


def _moment(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise InvalidInput(f"{value} is not a time.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _contains(table: Params, text: str) -> bool:
    """Whether a text is in the table's metadata; in quotes, it must be the whole of a value."""
    exact = len(text) > 1 and text[0] == text[-1] == '"'
    text = text.strip('"')
    return any(value.lower() == text if exact else text in value.lower() for value in _texts(table))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
