from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakelab.cloud.database import Database as SqliteFile
from lakelab.cloud.errors import AwsError
from lakelab.cloud.glue import partition_store, store
from lakelab.cloud.glue.expression import INDEXED_KEYS, compile_expression
from lakelab.cloud.glue.model import Scope
from lakelab.cloud.glue.partition_store import PartitionStore
from lakelab.cloud.glue.store import CatalogStore

KEYS = {"name": "string", "num": "int", "amount": "decimal(10,2)", "day": "date", "at": "timestamp"}
ROWS = {
    "a": ["Alpha", "9", "1.50", "2024-01-31", "2024-01-31 10:00:00"],
    "b": ["beta", "10", "10.05", "2024-02-01", "2024-02-01 00:00:00.5"],
    "c": ["ga_ma*", "-1", "2", "2024-12-01", "2024-12-01 23:59:59"],
    "null": ["__HIVE_DEFAULT_PARTITION__"] * 5,
}


@pytest.fixture(scope="module")
def find(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path: Path = tmp_path_factory.mktemp("glue") / "glue.sqlite"
    file = SqliteFile(path, store.SCHEMA + partition_store.SCHEMA)
    scope, catalog, partitions = Scope("0", "r"), CatalogStore(file), PartitionStore(file)
    catalog.create_database(scope, {"Name": "d"})
    keys = [{"Name": name, "Type": type_} for name, type_ in KEYS.items()]
    table = catalog.create_table(scope, "d", {"Name": "t", "PartitionKeys": keys}, "me")
    for label, values in ROWS.items():
        partitions.create(table, {"Values": values, "Parameters": {"label": label}})

    def labels(expression: str) -> str:
        found = partitions.find(table, compile_expression(expression, table.keys))
        return " ".join(partition.input["Parameters"]["label"] for partition in found)

    return labels


@pytest.mark.fidelity("glue", "GetPartitions Expression", "exact")
@pytest.mark.parametrize(
    ("expression", "found"),
    [
        pytest.param("name = 'beta'", "b", id="string"),
        pytest.param("name = 'Beta'", "", id="string-case"),
        pytest.param("NAME = 'beta'", "b", id="key-any-case"),
        pytest.param("\"name\" = 'beta'", "b", id="key-quoted"),
        pytest.param("name > 'b'", "b c", id="string-order"),
        pytest.param("num = 10", "b", id="int"),
        pytest.param("num = '10'", "b", id="int-quoted"),
        pytest.param("num < 10", "a c", id="int-order-is-not-text-order"),
        pytest.param("10 > num", "a c", id="literal-first"),
        pytest.param(" or ".join(f"(num = {number})" for number in range(9, 120)), "a b", id="long-chain"),
        pytest.param("num = -1", "c", id="negative"),
        pytest.param("num <> 10", "a c", id="not-equal"),
        pytest.param("num != 10", "a c", id="not-equal-other-spelling"),
        pytest.param("amount >= 1.5 and amount < 10.05", "a c", id="decimal"),
        pytest.param("amount = 2.00", "c", id="decimal-scale"),
        pytest.param("day > '2024-01-31'", "b c", id="date"),
        pytest.param("day <= date '2024-02-01'", "a b", id="date-literal"),
        pytest.param("at >= '2024-02-01 00:00:00.500'", "b c", id="timestamp"),
        pytest.param("at < timestamp '2024-02-01 00:00:00'", "a", id="timestamp-literal"),
        pytest.param("num in (9, 10)", "a b", id="in"),
        pytest.param("name not in ('beta', 'Alpha')", "c null", id="not-in"),
        pytest.param("num between 9 and 10", "a b", id="between"),
        pytest.param("num not between 9 and 10", "c", id="not-between"),
        pytest.param("name like '%eta'", "b", id="like"),
        pytest.param("name like 'alpha'", "", id="like-case"),
        pytest.param("name like '_lpha'", "a", id="like-one"),
        pytest.param("name like 'ga_ma*'", "c", id="like-glob-characters"),
        pytest.param("day like '2024-0%'", "a b", id="like-date"),
        pytest.param("name not like '%a'", "c null", id="not-like"),
        pytest.param("num is null", "null", id="is-null"),
        pytest.param("name is null", "null", id="string-is-null"),
        pytest.param("day is not null", "a b c", id="is-not-null"),
        pytest.param("num = 9 or num = 10 and name = 'x'", "a", id="and-binds-closer"),
        pytest.param("(num = 9 or num = 10) and name = 'beta'", "b", id="parentheses"),
        pytest.param("not (num = 9 or num = 10)", "c", id="not"),
    ],
)
def test_finds(find: Any, expression: str, found: str) -> None:
    assert find(expression) == found


@pytest.mark.fidelity(
    "glue",
    "GetPartitions Expression: error texts",
    "near",
    'the codes are AWS\'s; only "Invalid partition expression!" is a text observed there',
)
@pytest.mark.parametrize(
    ("expression", "message"),
    [
        pytest.param("other = 1", "Invalid partition expression!", id="no-key"),
        pytest.param("num =", "Invalid partition expression!", id="no-sql"),
        pytest.param("t.num = 1", "Invalid partition expression!", id="qualified"),
        pytest.param("1 = 1", "Invalid partition expression!", id="no-key-at-all"),
        pytest.param("num = day", "Unsupported expression 'num'", id="key-with-key"),
        pytest.param("num + 1 = 2", "Invalid partition expression!", id="arithmetic"),
        pytest.param("name = upper('x')", "Unsupported expression 'UPPER('x')'", id="function"),
        pytest.param("num", "Unsupported expression 'num'", id="no-condition"),
        pytest.param("num in (select 1)", "Unsupported expression 'num IN (SELECT 1)'", id="subquery"),
        pytest.param("num is true", "Unsupported expression 'num IS TRUE'", id="is-true"),
        pytest.param("num = 'x'", '"x" is not a value of the type int.', id="literal-of-the-wrong-type"),
        pytest.param("day > 'yesterday'", '"yesterday" is not a value of the type date.', id="bad-date"),
    ],
)
def test_refuses(find: Any, expression: str, message: str) -> None:
    with pytest.raises(AwsError) as error:
        find(expression)
    assert (error.value.code, error.value.message) == ("InvalidInputException", message)


def test_keys_past_the_indexed_ones_are_found_too(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "glue.sqlite", store.SCHEMA + partition_store.SCHEMA)
    scope, catalog, partitions = Scope("0", "r"), CatalogStore(file), PartitionStore(file)
    catalog.create_database(scope, {"Name": "d"})
    count = INDEXED_KEYS + 2
    keys = [{"Name": f"k{number}", "Type": "int"} for number in range(count)]
    table = catalog.create_table(scope, "d", {"Name": "t", "PartitionKeys": keys}, "me")
    for row in range(3):
        partitions.create(table, {"Values": [str(row * 10)] * count})
    found = partitions.find(table, compile_expression(f"k{count - 1} > 5 and k0 < 20", table.keys))
    assert [partition.input["Values"][0] for partition in found] == ["10"]
