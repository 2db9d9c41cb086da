"""The type that a parsed `CAST(… AS type)` names."""

from __future__ import annotations

from sqlglot import exp

from lakelab.cloud.athena.sql.types.core import DAY_TO_SECOND, YEAR_TO_MONTH, Type, row
from lakelab.cloud.athena.sql.types.names import DEFAULT_PARAMS, DEFAULT_PRECISION, TypeNameError, parse_type

_PARSER_NAMES = {
    "INT": "integer",
    "FLOAT": "real",
    "TEXT": "varchar",
    "STRUCT": "row",
    "TIMESTAMPTZ": "timestamp with time zone",
    "TIMETZ": "time with time zone",
    "HLLSKETCH": "HyperLogLog",
}


def from_ast(node: exp.DataType | exp.Expr) -> Type:
    """The type that a parsed `CAST(… AS type)` names. Raises TypeNameError."""
    if isinstance(node, exp.ColumnDef):
        return from_ast(node.args["kind"])
    if isinstance(node, exp.Interval):
        unit = node.args.get("unit")
        return YEAR_TO_MONTH if unit is not None and "YEAR" in unit.sql().upper() else DAY_TO_SECOND
    if not isinstance(node, exp.DataType):
        return parse_type(node.name)
    if isinstance(node.this, exp.Interval):
        return from_ast(node.this)
    if not isinstance(node.this, exp.DType):
        return parse_type(str(node.this))
    raw = str(node.this.value)
    if raw == "USER-DEFINED":
        raise TypeNameError(f"Unknown type: {node.args.get('kind')}")
    name = _PARSER_NAMES.get(raw, raw.lower())
    if name in ("array", "map", "row") and len(node.expressions) < (2 if name == "map" else 1):
        raise TypeNameError(f"Unknown type: {name}")
    if name in ("array", "map"):
        return Type(name, items=tuple(from_ast(item) for item in node.expressions))
    if name == "row":
        return row(
            (item.name, from_ast(item)) if isinstance(item, exp.ColumnDef) else (None, from_ast(item))
            for item in node.expressions
        )
    params = tuple(int(item.name) for item in node.expressions)
    if name == "decimal" and len(params) == 1:
        params = (*params, 0)
    if name.startswith("time"):
        return Type(name, params or (DEFAULT_PRECISION,))
    if name in DEFAULT_PARAMS:
        return Type(name, params or DEFAULT_PARAMS[name])
    if name == "varchar":
        return Type(name, params)
    return parse_type(name)
