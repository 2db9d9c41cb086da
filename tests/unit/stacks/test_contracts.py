"""A data contract, the stack's table, what the functions write, and dbt's source say the same of every table."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pytest
import yaml

from lambdas.orders_ingest.contract import Contract
from lambdas.orders_ingest.ingest import Source, ingest
from lambdas.orders_ingest.lake import Lake, Report
from lambdas.rides_to_lake.lake import SCHEMA as RIDES

ROOT = Path(__file__).parents[3]
DOCUMENTS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((ROOT / "glue/tables").glob("*.yaml"))}
NOT_READ_BY_DBT = {"orders_quarantine"}  # its rows are for people
FEED = b"""order_id,customer_id,order_date,order_total_cents,currency,status,city
o-1,c-1,2025-01-01,100,EUR,completed,Berlin
o-2,c-1,2025-01-01,-5,EUR,completed,Berlin
"""
Columns = dict[str, str]  # name -> Glue type


def of_contract(document: dict[str, Any]) -> Columns:
    return {column["name"]: column["type"] for column in [*document["columns"], *document.get("partition_keys", [])]}


def of_stack(catalog: Any, table: str) -> Columns:
    made = catalog.one("glue/catalogTable:CatalogTable", table)
    columns = [*made["storageDescriptor"]["columns"], *made.get("partitionKeys", [])]
    return {column["name"]: column["type"] for column in columns}


def of_dbt(table: str) -> Columns:
    sources = yaml.safe_load((ROOT / "transforms/models/staging/sources.yml").read_text())["sources"]
    [found] = [each for source in sources for each in source["tables"] if each["name"] == table]
    return {column["name"]: column["data_type"] for column in found["columns"]}


class Written(Lake):
    """A lake that keeps what orders_ingest writes: a table, JSON lines, and a report."""

    def __init__(self) -> None:
        super().__init__(None, None, "bucket", "database")
        self.columns: dict[str, Columns] = {}

    def claim(self, day: date, source_id: str, order_ids: pa.Array) -> pa.Array:
        return pa.array([True] * len(order_ids))

    def write_rows(self, day: date, source_id: str, rows: pa.Table) -> None:
        self._note("orders", {**{name: glue_type(rows.schema.field(name).type) for name in rows.column_names}})
        self.columns["orders"][self.partition_key] = glue_type(pa.scalar(day).type)  # it is in the path

    def register(self, days: Iterable[date]) -> None:
        pass

    def write_quarantine(self, source_id: str, lines: IO[bytes]) -> None:
        self._note("orders_quarantine", of_json(json.loads(lines.read())))

    def write_report(self, report: Report) -> None:
        self._note("orders_ingests", of_json(report.as_row()))

    def _note(self, table: str, columns: Columns) -> None:
        self.columns[table] = columns


def glue_type(type_: pa.DataType) -> str:
    if pa.types.is_dictionary(type_):
        return glue_type(type_.value_type)
    names = {pa.string(): "string", pa.int64(): "bigint", pa.date32(): "date", pa.timestamp("us"): "timestamp"}
    return names[type_]


def of_json(row: dict[str, Any]) -> Columns:
    """A text and what can be absent is a string here: the writers have no other nullable column."""
    return {name: "bigint" if isinstance(value, int) else "string" for name, value in row.items()}


def of_functions(orders: dict[str, Any]) -> dict[str, Columns]:
    """What the functions write into each table, given the contract of the orders."""
    lake = Written()
    contract = Contract.of(json.loads(json.dumps(orders, default=str)))
    ingest(Source("raw", "raw/orders/a.csv", "etag"), io.BytesIO(FEED), contract, lake)
    rides = {field.name: glue_type(field.type) for field in RIDES}
    return {**lake.columns, "rides": {**rides, "ride_date": "date"}}


def disagreements(table: str, catalog: Any, document: dict[str, Any]) -> set[str]:
    """Who does not say what a contract says."""
    wanted = of_contract(document)
    said = {"stack": of_stack(catalog, table), "function": of_functions(DOCUMENTS["orders"])[table]}
    if "compacted" in document:
        said["stack's compacted table"] = of_stack(catalog, f"{table}_compacted")
    if table not in NOT_READ_BY_DBT:
        said["dbt"] = of_dbt(table)
    return {who for who, columns in said.items() if columns != wanted}


@pytest.mark.parametrize("table", list(DOCUMENTS))
def test_all_agree_on_a_table(deployed: Any, table: str):
    assert disagreements(table, deployed["catalog"], DOCUMENTS[table]) == set()


@pytest.mark.parametrize("table", list(DOCUMENTS))
@pytest.mark.parametrize("change", ["a column more", "a column less", "another name", "another type"])
def test_a_contract_that_is_changed_alone_is_noticed_everywhere(deployed: Any, table: str, change: str):
    document = copy.deepcopy(DOCUMENTS[table])
    columns = document["columns"]
    match change:
        case "a column more":
            columns.append({"name": "tip_cents", "type": "bigint", "meaning": "A tip."})
        case "a column less":
            columns.pop()
        case "another name":
            columns[0]["name"] = "identity"
        case _:
            columns[0]["type"] = "double"
    expected = {"stack", "function"} | (set() if table in NOT_READ_BY_DBT else {"dbt"})
    assert expected <= disagreements(table, deployed["catalog"], document)


def test_the_functions_are_packed_with_the_contracts_of_this_project(deployed: Any):
    packed = {
        name: json.loads(asset)
        for layer, function in (("ingest", "orders-ingest"), ("stream", "rides-to-lake"))
        for name, asset in contracts_of(deployed[layer].one("lambda/function:Function", function))
    }
    assert packed == {name: json.loads(json.dumps(DOCUMENTS[name], default=str)) for name in ("orders", "rides")}


def contracts_of(function: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """The (table, JSON) of the contracts that a function's archive has."""
    for path, asset in function["code"]["assets"].items():
        if path.endswith("contract.json"):
            yield ("orders" if "orders_ingest" in path else "rides"), asset["text"]
