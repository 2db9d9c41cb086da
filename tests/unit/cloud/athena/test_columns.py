"""ColumnInfo: one row a type."""

from __future__ import annotations

import pytest

from lakelab.cloud.athena.columns import column_info
from lakelab.cloud.athena.model import Column


# recorded answers of AWS: aoyagikouhei/athena-local, docs/api.md
@pytest.mark.fidelity("athena", "ColumnInfo", "exact")
@pytest.mark.parametrize(
    ("spelled", "type", "precision", "scale", "case_sensitive"),
    [
        pytest.param("boolean", "boolean", 0, 0, False, id="boolean"),
        pytest.param("tinyint", "tinyint", 3, 0, False, id="tinyint"),
        pytest.param("smallint", "smallint", 5, 0, False, id="smallint"),
        pytest.param("integer", "integer", 10, 0, False, id="integer"),
        pytest.param("bigint", "bigint", 19, 0, False, id="bigint"),
        pytest.param("real", "float", 17, 0, False, id="real is float"),
        pytest.param("double", "double", 17, 0, False, id="double"),
        pytest.param("decimal(10,2)", "decimal", 10, 2, False, id="decimal"),
        pytest.param("decimal(38, 0)", "decimal", 38, 0, False, id="decimal with a space"),
        pytest.param("varchar", "varchar", 2147483647, 0, True, id="varchar"),
        pytest.param("varchar(12)", "varchar", 12, 0, True, id="varchar(n)"),
        pytest.param("char(3)", "char", 3, 0, True, id="char(n)"),
        pytest.param("varbinary", "varbinary", 1073741824, 0, False, id="varbinary"),
        pytest.param("date", "date", 0, 0, False, id="date"),
        pytest.param("timestamp", "timestamp", 3, 0, False, id="timestamp"),
        pytest.param("timestamp(6)", "timestamp", 3, 0, False, id="timestamp with a precision"),
        pytest.param("timestamp(3) with time zone", "timestamp with time zone", 3, 0, False, id="timestamptz"),
        pytest.param("timestamp with time zone", "timestamp with time zone", 3, 0, False, id="timestamptz, bare"),
        pytest.param("interval day to second", "interval day to second", 0, 0, False, id="interval"),
        pytest.param("array(row(a integer))", "array", 0, 0, False, id="array"),
        pytest.param("map(varchar, integer)", "map", 0, 0, False, id="map"),
        pytest.param("row(a integer)", "row", 0, 0, False, id="row"),
    ],
)
def test_a_type(spelled: str, type: str, precision: int, scale: int, case_sensitive: bool) -> None:
    info = column_info(Column("c", spelled))
    assert (info["Type"], info["Precision"], info["Scale"], info["CaseSensitive"]) == (
        type,
        precision,
        scale,
        case_sensitive,
    )
    assert (info["CatalogName"], info["Name"], info["Label"], info["Nullable"]) == ("hive", "c", "c", "UNKNOWN")
