"""The table of capabilities in a page: read as it was written, and written a column at a time."""

from __future__ import annotations

import pytest

from lakelab.cloud.core.table import BEGIN, END, column, read, write

EMPTY = f"# A page\n\n{BEGIN}\n{END}\n\nMore.\n"


def test_columns_are_read_as_they_were_written():
    first = write(EMPTY, "ministack", {"s3": "ministack", "glue": "lakelab"})
    both = write(first, "moto", {"s3": "core", "functions": "absent"})
    assert read(both) == {
        "ministack": {"s3": "ministack", "glue": "lakelab", "functions": ""},
        "moto": {"s3": "core", "glue": "", "functions": "absent"},
    }
    assert both.startswith("# A page\n\n")
    assert both.endswith("\n\nMore.\n")


def test_a_column_is_replaced():
    first = write(EMPTY, "moto", {"s3": "absent"})
    assert read(write(first, "moto", {"s3": "core"})) == {"moto": {"s3": "core"}}


def test_a_column_is_what_the_local_aws_says():
    assert column({"s3": {"by": "core", "reason": ""}}) == {"s3": "core"}


def test_a_page_without_the_table_is_refused():
    with pytest.raises(ValueError, match="has no lines"):
        read("# A page\n")
