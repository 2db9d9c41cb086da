"""The metadata object of a result, against the dump of one that Athena wrote."""

from __future__ import annotations

import pytest

from lakelab.cloud.athena.columns import column_info
from lakelab.cloud.athena.model import Column
from lakelab.cloud.athena.result_metadata import encode

# https://stackoverflow.com/questions/55991018/whats-the-data-format-of-athenas-csv-metadata-files
DUMP = bytes.fromhex(
    "0a1b32303139303432335f3132353132385f30303030315f6568747572"
    "22190a046869766522036172792a036172793205617272617948" + "03"
)


def test_an_array_as_athena_wrote_it():
    assert encode("20190423_125128_00001_ehtur", [column_info(Column("ary", "array(integer)"))]) == DUMP


@pytest.mark.parametrize(
    ("column", "fields"),
    [
        pytest.param(Column("n", "bigint"), "320662696769" + "6e74" + "3813" + "4803", id="precision"),
        pytest.param(Column("d", "decimal(12,2)"), "3207646563696d616c" + "380c" + "4002" + "4803", id="scale"),
        pytest.param(
            Column("s", "varchar"), "320776617263686172" + "38ffffffff07" + "4803" + "5001", id="a large number; case"
        ),
    ],
)
def test_the_fields_of_a_column(column: Column, fields: str):
    assert encode("q", [column_info(column)]).endswith(bytes.fromhex(fields))
