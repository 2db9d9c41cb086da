"""Views as the catalog keeps them."""

from __future__ import annotations

import pytest

from lakelab.cloud.athena.catalog import Storage, Table
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.views import ViewDefinition, decode, encode, table_input


def view(text: str) -> Table:
    return Table("d", "v", (), (), Storage(""), {}, {"ViewOriginalText": text})


def test_a_definition_survives():
    definition = ViewDefinition("select 'ü' as a", "awsdatacatalog", "d", (("a", "varchar(1)"),))
    made = table_input("v", definition, [("a", "string")], None)
    assert made["TableType"] == "VIRTUAL_VIEW"
    assert made["Parameters"] == {"presto_view": "true", "comment": "Presto View"}
    assert decode(view(made["ViewOriginalText"])) == definition
    assert encode(definition).startswith("/* Presto View: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("select 1", "Hive views are not supported", id="hive"),
        pytest.param("/* Presto View: x */", "Invalid view definition of 'awsdatacatalog.d.v'", id="no base64"),
        pytest.param("/* Presto View: e30= */", "Invalid view definition of 'awsdatacatalog.d.v'", id="no query"),
    ],
)
def test_other_texts_are_refused(text, message):
    with pytest.raises(QueryError) as caught:
        decode(view(text))
    assert (caught.value.name, message in caught.value.message) == ("INVALID_VIEW", True)
