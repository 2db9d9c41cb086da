"""Results of queries: writing them where the query's output goes, and reading them back page by page.

A result is one object (CSV for a query, lines of text for DDL and SHOW), written and read with the caller's own S3
rights. Pages are read from the object's file at a byte offset, so that no result is ever held in memory whole.

Sources: https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html and
https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lakelab.cloud.athena import result_metadata
from lakelab.cloud.athena.columns import column_info
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.exceptions import InvalidRequest
from lakelab.cloud.athena.model import Column, Outcome
from lakelab.cloud.athena.paging import decode, encode
from lakelab.cloud.athena.statements import Kind
from lakelab.cloud.athena.store import Document
from lakelab.cloud.caller import Caller
from lakelab.cloud.errors import AwsError
from lakelab.cloud.objects import Objects, split_uri

LARGEST_PAGE = 1000
_SMALL = 8 * 2**20  # bytes: below this an object is sent in one request, without the threads of a transfer
_DENIED = ("AccessDenied", "AccessDeniedException", "403")
_MISSING = ("NoSuchKey", "NoSuchBucket", "404")


@dataclass(frozen=True)
class Target:
    """Where the result of one execution goes. `folder` is an S3 URI with a trailing slash; None for managed results."""

    execution_id: str
    kind: Kind
    folder: str | None

    @property
    def location(self) -> str | None:
        """The OutputLocation: `<folder><id>.csv`, `.txt`, or for data written by a statement the name of its manifest
        without its end."""
        if self.folder is None:
            return None
        if self.kind.output == "manifest":
            tables = "tables/" if self.kind.substatement_type == "CREATE_TABLE_AS_SELECT" else ""
            return f"{self.folder}{tables}{self.execution_id}"
        return f"{self.folder}{self.execution_id}{'.csv' if self.kind.output == 'csv' else '.txt'}"


class Results:
    """The results of all executions.

    Args:
        folder: holds managed results, and copies of objects of a core that has no files here.
    """

    def __init__(self, folder: Path):
        self._managed = folder / "managed"
        self._spool = folder / "spool"
        self._beside = ThreadPoolExecutor(4, "athena-metadata")  # a client waits for the longer of two uploads

    def store(self, caller: Caller, target: Target, outcome: Outcome) -> tuple[Document, str | None]:
        """Write the result of a statement.

        Returns:
            What `page` needs to know of it, and the URI of the manifest if one was written.

        Raises:
            QueryError: the caller may not write to the output location, or its bucket does not exist.
        """
        columns, update_count = _reported(target.kind, outcome)
        result: Document = {
            "columns": [[column.name, column.type, column.nullable] for column in columns],
            "utility": target.kind.statement_type == "UTILITY",
            "csv": target.kind.output == "csv",
            "update_count": update_count,
            "rows": outcome.rows,
            "bytes": outcome.result.stat().st_size if outcome.result else 0,
        }
        if target.location is None:
            if outcome.result is not None:
                self._managed.mkdir(parents=True, exist_ok=True)
                shutil.move(outcome.result, self._managed / target.execution_id)
            return result | {"managed": outcome.result is not None}, None
        objects = Objects(caller, self._spool)
        described = [column_info(column, result["utility"]) for column in columns]
        metadata = result_metadata.encode(target.execution_id, described)
        if not outcome.manifest and outcome.result is None and target.kind.output != "text":
            return result, None
        beside = self._beside.submit(_put, objects, f"{target.location}.metadata", metadata)
        manifest = f"{target.location}-manifest.csv" if outcome.manifest else None
        try:
            if manifest is not None:
                _put(objects, manifest, "".join(f"{uri}\n" for uri in outcome.manifest or ()).encode())
            else:
                _put(objects, target.location, outcome.result or b"", "application/octet-stream")
        except BaseException:
            beside.exception()  # it has ended; that the result is not there is what counts
            raise
        beside.result()
        return result if manifest else result | {"location": target.location}, manifest

    def sweep(self, known: Callable[[str], bool]) -> None:
        """Remove the managed results of executions that are no longer known, and copies of objects."""
        shutil.rmtree(self._spool, ignore_errors=True)
        for file in self._managed.glob("*"):
            if not known(file.name):
                file.unlink()

    def readable(self, caller: Caller, result: Document) -> bool:
        """Whether the result's object is still there and the caller may read it."""
        try:
            return self._file(caller, "", result) is not None
        except AwsError:
            return False

    def page(self, caller: Caller, execution: Document, result: Document, token: str | None, limit: int) -> Document:
        """One page as GetQueryResults answers it: at most `limit` rows, the header line of a query being the first.

        Raises:
            InvalidRequest: the token is malformed, or the result is gone or may not be read.
        """
        execution_id = execution["QueryExecutionId"]
        position = [execution_id, 0] if token is None else decode(token, 2)
        if position is None or position[0] != execution_id or not isinstance(position[1], int):
            raise InvalidRequest(f"Malformed nextPageToken {token}")
        rows, following = [], None
        file = self._file(caller, execution_id, result)
        if file is not None:
            with file.open("rb") as lines:
                lines.seek(position[1])
                records = _csv_records(lines) if result["csv"] else _text_records(lines)
                for row, end in records:
                    if len(rows) == limit:
                        break
                    rows.append({"Data": [{"VarCharValue": value} if value is not None else {} for value in row]})
                    following = end
            if following is not None and following >= file.stat().st_size:
                following = None
        columns = [Column(*column) for column in result["columns"]]
        return {
            "UpdateCount": result["update_count"],
            "ResultSet": {
                "Rows": rows,
                "ResultSetMetadata": {"ColumnInfo": [column_info(column, result["utility"]) for column in columns]},
            },
            "NextToken": encode([execution_id, following]) if following is not None else None,
        }

    def _file(self, caller: Caller, execution_id: str, result: Document) -> Path | None:
        if result.get("managed"):
            return self._managed / execution_id
        if "location" not in result:
            return None
        try:
            return Objects(caller, self._spool).file(*split_uri(result["location"]))
        except AwsError as error:
            if error.code in _MISSING:
                raise InvalidRequest("Could not find results", "RESULT_NOT_FOUND") from error
            if error.code in _DENIED:
                raise InvalidRequest(
                    "You do not seem to have access to the S3 location of your query results. Please confirm your "
                    "account has access to the S3 location where your query results are saved and try again.",
                    "S3_ACCESS_DENIED",
                ) from error
            raise


def _reported(kind: Kind, outcome: Outcome) -> tuple[list[Column], int | None]:
    """The columns and the UpdateCount: a statement that counts rows has the column `rows`, a query has the count 0."""
    if outcome.update_count is not None:
        return outcome.columns or [Column("rows", "bigint")], outcome.update_count
    counts_nothing = kind.substatement_type == "SELECT" or (
        kind.substatement_type.startswith("SHOW_") and kind.substatement_type != "SHOW_CREATE_TABLE"
    )
    return outcome.columns, 0 if counts_nothing else None


def _put(objects: Objects, uri: str, body: bytes | Path, content_type: str = "binary/octet-stream") -> None:
    if isinstance(body, Path) and body.stat().st_size < _SMALL:
        body = body.read_bytes()
    try:
        objects.put(*split_uri(uri), body, content_type=content_type)
    except AwsError as error:
        if error.code in _DENIED:
            raise QueryError(
                "",
                f"Access denied when writing output to url: {uri} . Please ensure you are allowed to access the S3 "
                "bucket. If you are encrypting query results with KMS key, please ensure you are allowed to access "
                "your KMS key",
                type=1305,
            ) from error
        if error.code == "NoSuchBucket":
            raise QueryError(
                "", f"The S3 location provided to save your query results is invalid: {uri}", type=1306
            ) from error
        raise


_FIELD = re.compile(rb'(?:"((?:[^"]|"")*)"|([^,]*))(,|$)', re.DOTALL)


def _csv_records(lines: IO[bytes]) -> Iterator[tuple[list[str | None], int]]:
    """The records of Athena's CSV and the offset after each: NULL is an empty field without quotes."""
    position = lines.tell()
    record = b""
    for line in lines:
        record += line
        position += len(line)
        if record.count(b'"') % 2:
            continue  # the line ends inside a quoted value
        yield _csv_fields(record.removesuffix(b"\n")), position
        record = b""


def _csv_fields(record: bytes) -> list[str | None]:
    fields: list[str | None] = []
    position = 0
    while True:
        match = _FIELD.match(record, position)
        if match is None:  # not of our writing: the object was replaced
            fields.append(record[position:].decode(errors="replace"))
            return fields
        quoted, bare, separator = match.groups()
        if quoted is not None:
            fields.append(quoted.replace(b'""', b'"').decode(errors="replace"))
        else:
            fields.append(bare.decode(errors="replace") or None)
        if not separator:
            return fields
        position = match.end()


def _text_records(lines: IO[bytes]) -> Iterator[tuple[list[str | None], int]]:
    position = lines.tell()
    for line in lines:
        position += len(line)
        yield [line.removesuffix(b"\n").decode(errors="replace")], position
