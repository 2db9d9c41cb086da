"""Results: written once as an object, read back in pages by offset."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from lakelab.cloud.athena.model import Column, Outcome
from lakelab.cloud.athena.results import _csv_records, _text_records


def read_all(athena: Any, execution_id: str, size: int) -> tuple[list[list[str | None]], int]:
    rows, pages, token = [], 0, {}
    while True:
        answer = athena("GetQueryResults", QueryExecutionId=execution_id, MaxResults=size, **token)
        pages += 1
        rows += [[datum.get("VarCharValue") for datum in row["Data"]] for row in answer["ResultSet"]["Rows"]]
        if "NextToken" not in answer:
            return rows, pages
        token = {"NextToken": answer["NextToken"]}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        pytest.param('"a","b"\n"1","2"\n', [["a", "b"], ["1", "2"]], id="values"),
        pytest.param('"a",\n,"b"\n,\n', [["a", None], [None, "b"], [None, None]], id="NULL is nothing"),
        pytest.param('"","x"\n', [["", "x"]], id="an empty string is not NULL"),
        pytest.param("\n", [[None]], id="one NULL alone"),
        pytest.param('"say ""hi""",""""\n', [['say "hi"', '"']], id="quotes are doubled"),
        pytest.param('"two\nlines","x"\n"y","z"\n', [["two\nlines", "x"], ["y", "z"]], id="line breaks in values"),
        pytest.param('"a,b","ü"\n', [["a,b", "ü"]], id="commas and letters"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_reading_csv(text: str, rows: list) -> None:
    raw = text.encode()
    records = list(_csv_records(io.BytesIO(raw)))
    assert [row for row, _ in records] == rows
    for _, end in records:  # every record's end is where the rest can be read from
        rest = io.BytesIO(raw)
        rest.seek(end)
        assert [row for row, _ in _csv_records(rest)] == rows[len([e for _, e in records if e <= end]) :]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        pytest.param("a\nb", [["a"], ["b"]], id="no line break at the end, as Athena writes it"),
        pytest.param("a\tint\t\n", [["a\tint\t"]], id="the columns of DESCRIBE are one value"),
        pytest.param("a\n\nb", [["a"], [""], ["b"]], id="an empty line is a row"),
    ],
)
def test_reading_lines(text: str, rows: list) -> None:
    assert [row for row, _ in _text_records(io.BytesIO(text.encode()))] == rows


def test_pages_are_the_whole_result_once(athena: Any) -> None:
    values: list[list[str | None]] = [[str(number), None if number % 3 else f"v\n{number}"] for number in range(25)]
    from_csv = _csv(values, ["id", "text"])
    athena.engine.tell("select 1", from_csv)
    execution_id = athena.start("select 1")
    for size in (1, 7, 13, 1000):
        rows, pages = read_all(athena, execution_id, size)
        assert rows == [["id", "text"], *values]  # the header is a row of the first page
        assert pages == -(-26 // size)


@pytest.mark.fidelity("athena", "result files", "near", "no .metadata file is written beside a result")
def test_the_object_in_s3_is_the_result(athena: Any) -> None:
    execution = athena.run("select 1")
    key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://")
    assert (athena.s3 / key).read_text() == '"_col0"\n"select 1"\n'


def test_the_answer_of_a_query(athena: Any) -> None:
    athena.engine.tell("select 1", _csv([["1", "2.50"]], ["a", "b"], ["integer", "decimal(10,2)"]))
    answer = athena("GetQueryResults", QueryExecutionId=athena.start("select 1"))
    assert answer["UpdateCount"] == 0
    assert [info["Type"] for info in answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]] == ["integer", "decimal"]


def test_the_answer_of_show_has_no_header(athena: Any) -> None:
    sql = "show tables"
    athena.engine.tell(sql, _text(["one", "two"]))
    execution = athena.run(sql)
    answer = athena("GetQueryResults", QueryExecutionId=execution["QueryExecutionId"])
    assert answer["ResultSet"]["Rows"] == [{"Data": [{"VarCharValue": "one"}]}, {"Data": [{"VarCharValue": "two"}]}]
    assert answer["UpdateCount"] == 0
    info = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"][0]
    assert (info["Name"], info["Type"], info["Precision"], info["CaseSensitive"]) == ("tab_name", "string", 0, False)


def test_the_answer_of_ddl_is_empty_and_so_is_its_object(athena: Any) -> None:
    sql = "create schema `db`"
    athena.engine.tell(sql, lambda session: Outcome("DDL", "CREATE_DATABASE"))
    execution = athena.run(sql)
    answer = athena("GetQueryResults", QueryExecutionId=execution["QueryExecutionId"])
    assert answer["ResultSet"] == {"Rows": [], "ResultSetMetadata": {"ColumnInfo": []}}
    assert "UpdateCount" not in answer
    key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://")
    assert (athena.s3 / key).read_bytes() == b""


@pytest.mark.fidelity("athena", "data manifest", "exact")
def test_the_answer_of_a_write_is_its_count_and_its_manifest(athena: Any) -> None:
    sql = "insert into t select 1"
    files = ["s3://results/t/one", "s3://results/t/two"]
    athena.engine.tell(sql, lambda session: Outcome("DML", "INSERT", rows=3, update_count=3, manifest=files))
    execution = athena.run(sql)
    answer = athena("GetQueryResults", QueryExecutionId=execution["QueryExecutionId"])
    assert answer["UpdateCount"] == 3
    assert answer["ResultSet"]["Rows"] == []
    # measured on AWS: a statement that counts rows has the one column `rows`
    assert [info["Name"] for info in answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]] == ["rows"]
    manifest = execution["Statistics"]["DataManifestLocation"]
    assert manifest == execution["ResultConfiguration"]["OutputLocation"] + "-manifest.csv"
    assert (athena.s3 / manifest.removeprefix("s3://")).read_text().splitlines() == files


# measured order and texts: aoyagikouhei/athena-local, docs/dev/measurements/query-results.md
def test_a_token_of_no_page(athena: Any) -> None:
    first, second = athena.start("select 1"), athena.start("select 2")
    page = athena("GetQueryResults", QueryExecutionId=first, MaxResults=1)
    for token in ("nonsense", page["NextToken"]):
        refused = athena.refusal("GetQueryResults", QueryExecutionId=second, NextToken=token)
        assert (refused.code, refused.message) == ("InvalidRequestException", f"Malformed nextPageToken {token}")


def test_a_result_that_is_gone(athena: Any) -> None:
    execution = athena.run("select 1")
    (athena.s3 / execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://")).unlink()
    refused = athena.refusal("GetQueryResults", QueryExecutionId=execution["QueryExecutionId"])
    assert (refused.code, refused.message) == ("InvalidRequestException", "Could not find results")


def test_a_result_that_the_caller_may_not_read(athena: Any) -> None:
    execution_id = athena.start("select 1")
    athena.deny("s3:GetObject")
    refused = athena.refusal("GetQueryResults", QueryExecutionId=execution_id)
    assert refused.code == "InvalidRequestException"
    assert refused.message.startswith("You do not seem to have access to the S3 location of your query results.")


@pytest.mark.fidelity("athena", "managed query results", "near", "kept as long as the execution, not for 24 hours")
def test_managed_results_are_in_no_bucket(athena: Any) -> None:
    athena("CreateWorkGroup", Name="managed", Configuration={"ManagedQueryResultsConfiguration": {"Enabled": True}})
    execution = athena.run("select 1", WorkGroup="managed")
    assert "ResultConfiguration" not in execution
    assert execution["ManagedQueryResultsConfiguration"] == {"Enabled": True}
    rows, _ = read_all(athena, execution["QueryExecutionId"], 1000)
    assert rows == [["_col0"], ["select 1"]]
    assert list(athena.s3.rglob("*.csv")) == []


def test_managed_results_go_with_their_execution(athena: Any) -> None:
    athena("CreateWorkGroup", Name="managed", Configuration={"ManagedQueryResultsConfiguration": {"Enabled": True}})
    for name in ("primary", "managed"):
        athena.run("select 1", WorkGroup=name)
    kept = athena.start("select 1", WorkGroup="managed")
    athena("CreateWorkGroup", Name="gone", Configuration={"ManagedQueryResultsConfiguration": {"Enabled": True}})
    athena.start("select 1", WorkGroup="gone")
    athena("DeleteWorkGroup", WorkGroup="gone", RecursiveDeleteOption=True)
    assert len(list((athena.state / "managed").iterdir())) == 3

    again = athena.restarted()

    assert len(list((athena.state / "managed").iterdir())) == 2
    assert read_all(again, kept, 1000)[0] == [["_col0"], ["select 1"]]


def test_a_page_of_a_large_result_takes_the_memory_of_a_page(athena: Any) -> None:
    line = b'"0123456789abcdef","0123456789abcdef"\n'
    count = 200_000

    def large(session: Any) -> Outcome:
        file: Path = session.scratch / "large.csv"
        with file.open("wb") as out:
            out.write(b'"a","b"\n')
            for _ in range(count // 1000):
                out.write(line * 1000)
        return Outcome("DML", "SELECT", [Column("a", "varchar"), Column("b", "varchar")], file, rows=count)

    athena.engine.tell("select 1", large)
    execution_id = athena.start("select 1")
    tracemalloc.start()
    answer = athena("GetQueryResults", QueryExecutionId=execution_id)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(answer["ResultSet"]["Rows"]) == 1000
    assert peak < count * len(line) / 3


def _csv(rows: list, names: list[str], types: list[str] | None = None) -> Any:
    columns = [Column(name, kind) for name, kind in zip(names, types or ["varchar"] * len(names), strict=True)]

    def work(session: Any) -> Outcome:
        file = session.scratch / "r.csv"
        with file.open("w") as out:
            for row in [names, *rows]:
                out.write(",".join("" if value is None else f'"{value}"' for value in row) + "\n")
        return Outcome("DML", "SELECT", columns, file, rows=len(rows))

    return work


def _text(lines: list[str]) -> Any:
    def work(session: Any) -> Outcome:
        file = session.scratch / "r.txt"
        file.write_text("\n".join(lines))
        return Outcome("UTILITY", "SHOW_TABLES", [Column("tab_name", "string")], file, rows=len(lines))

    return work
