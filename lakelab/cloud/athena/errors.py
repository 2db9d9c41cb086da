"""Why a query fails: Athena's error names, texts, categories and types, and how other libraries' errors map to them.

Sources: AWS documents AthenaError at
https://docs.aws.amazon.com/athena/latest/APIReference/API_AthenaError.html; the names are Trino's
(io.trino.spi.StandardErrorCode and the Hive and Iceberg connectors' error codes).
"""

from __future__ import annotations

import re
from enum import IntEnum

import duckdb

from lakelab.cloud.athena.sql.errors import SqlError
from lakelab.cloud.errors import AwsError


class Category(IntEnum):
    """Who has to act: AthenaError.ErrorCategory."""

    SYSTEM = 1
    USER = 2
    OTHER = 3


# AthenaError.ErrorType by error name. 233, 1006 and 1306 have been seen in answers of AWS; the others are the nearest
# entry of AWS's error reference.
_TYPES = {
    "ICEBERG_COMMIT_ERROR": 233,
    "EXCEEDED_MEMORY_LIMIT": 0,
    "EXCEEDED_TIME_LIMIT": 2,
    "PERMISSION_DENIED": 1100,
    "NO_SUCH_BUCKET": 1306,
    "GENERIC_INTERNAL_ERROR": 200,
    "HIVE_BAD_DATA": 1301,
    "HIVE_CURSOR_ERROR": 1301,
}
_ANALYSIS_ERROR = 1006


class QueryError(Exception):
    """A statement that failed, as `AthenaError` and `StateChangeReason` show it.

    Args:
        name: Trino's or Hive's error name (`TABLE_NOT_FOUND`); empty where Athena shows none.
        message: Athena's text, beginning with the position (`line 1:15: …`) where there is one.
        retryable: whether the same statement may succeed when sent again.
    """

    def __init__(
        self,
        name: str,
        message: str,
        *,
        category: Category = Category.USER,
        type: int | None = None,
        retryable: bool = False,
    ):
        super().__init__(message)
        self.name = name
        self.message = message
        self.category = category
        self.type = _TYPES.get(name, _ANALYSIS_ERROR) if type is None else type
        self.retryable = retryable

    @property
    def reason(self) -> str:
        """The text of StateChangeReason."""
        return f"{self.name}: {self.message}" if self.name else self.message

    def __str__(self) -> str:
        return self.reason


class QueryCancelled(Exception):
    """The statement was stopped before its end. `reason` is Athena's StateChangeReason."""

    def __init__(self, reason: str = "Query cancelled by user"):
        super().__init__(reason)
        self.reason = reason


class BytesScannedCutoff(QueryCancelled):
    """The workgroup's limit of scanned bytes was exceeded."""

    def __init__(self) -> None:
        super().__init__("Bytes scanned limit was exceeded")


class MalformedQuery(AwsError):
    """SQL that Athena refuses before it runs it (StartQueryExecution's InvalidRequestException)."""

    code = "InvalidRequestException"

    def __init__(self, message: str):
        super().__init__(message, AthenaErrorCode="MALFORMED_QUERY")


class CommitConflict(QueryError):
    """Another writer has changed the Iceberg table since this statement read it; dbt sends the statement again."""

    def __init__(self, table: str):
        super().__init__(
            "ICEBERG_COMMIT_ERROR", f"Failed to commit Iceberg update to table: {table}", category=Category.SYSTEM
        )


def hive_error(message: str) -> QueryError:
    """An error of Athena's Hive DDL engine, which has no error name: `FAILED: SemanticException …`."""
    return QueryError("", f"FAILED: {message}", type=1100)


def table_not_found(catalog: str, database: str, table: str, position: str = "line 1:1") -> QueryError:
    return QueryError("TABLE_NOT_FOUND", f"{position}: Table '{catalog}.{database}.{table}' does not exist")


def of_aws(error: AwsError) -> QueryError:
    """The failure of a statement whose Glue or S3 call was refused."""
    if error.code in ("AccessDenied", "AccessDeniedException", "403"):
        return QueryError("PERMISSION_DENIED", error.message)
    if error.code == "NoSuchBucket":
        return QueryError("NO_SUCH_BUCKET", f"Amazon S3 bucket not found: {error.message}")
    if error.code == "AlreadyExistsException":
        return QueryError("TABLE_ALREADY_EXISTS", error.message)
    if error.code == "NotImplementedException":
        return QueryError("NOT_SUPPORTED", error.message)
    return QueryError("GENERIC_USER_ERROR", f"{error.code}: {error.message}")


def of_sql(error: SqlError) -> QueryError:
    """The failure of a statement that the dialect refused."""
    message = error.message
    if error.name == "COLUMN_NOT_FOUND" and message.endswith("cannot be resolved"):
        message += " or requester is not authorized to access requested resources"
    return QueryError(error.name, message)


def is_bad_data(error: duckdb.Error) -> bool:
    """Whether DuckDB could not read a file, as opposed to what the query asked of it."""
    text = _first_line(str(error))
    return _NAMED.match(text) is not None or _BAD_DATA.search(text) is not None


def of_duckdb(error: duckdb.Error) -> QueryError:
    """The failure of a statement that DuckDB refused or could not finish.

    What reaches this point has passed the checks of the dialect: the text is DuckDB's own, under Trino's error name.
    """
    text = _first_line(str(error))
    named = _NAMED.match(text)
    if named:
        return QueryError(named["name"], named["text"])
    for pattern, name in _BY_TEXT:
        if pattern.search(text):
            return QueryError(name, text)
    for kind, name in _BY_CLASS:
        if isinstance(error, kind):
            if name == "EXCEEDED_MEMORY_LIMIT":
                return QueryError(name, "Query exhausted resources at this scale factor", category=Category.OTHER)
            return QueryError(name, text)
    return QueryError("GENERIC_INTERNAL_ERROR", text, category=Category.SYSTEM)


def _first_line(text: str) -> str:
    text = re.sub(r"^[A-Z][A-Za-z -]* Error: ", "", text)
    return text.split("\n", 1)[0].strip()


# what our own SQL raises with DuckDB's error()
_NAMED = re.compile(r"(?P<name>HIVE_[A-Z_]+): (?P<text>.*)", re.DOTALL)

_BAD_DATA = re.compile(
    r"(?i)Malformed JSON in file|No magic bytes found|too small to be a Parquet file|Invalid unicode"
)

_BY_TEXT = [
    (_BAD_DATA, "HIVE_BAD_DATA"),
    (re.compile(r"(?i)division by zero|divide by zero"), "DIVISION_BY_ZERO"),
    (re.compile(r"(?i)more than one row returned by a subquery"), "SUBQUERY_MULTIPLE_ROWS"),
    (re.compile(r"(?i)^Table with name|^Catalog .* does not exist"), "TABLE_NOT_FOUND"),
    (re.compile(r"(?i)Function with name|No function matches"), "FUNCTION_NOT_FOUND"),
    (re.compile(r"(?i)Referenced column|does not have a column|Referenced table"), "COLUMN_NOT_FOUND"),
    (re.compile(r"(?i)Ambiguous reference"), "AMBIGUOUS_NAME"),
    (re.compile(r"(?i)must appear in the GROUP BY clause"), "EXPRESSION_NOT_AGGREGATE"),
]

# the first class that fits names the error: subclasses come before their bases
_BY_CLASS: list[tuple[type[duckdb.Error], str]] = [
    (duckdb.OutOfMemoryException, "EXCEEDED_MEMORY_LIMIT"),
    (duckdb.ConversionException, "INVALID_CAST_ARGUMENT"),
    (duckdb.OutOfRangeException, "NUMERIC_VALUE_OUT_OF_RANGE"),
    (duckdb.PermissionException, "PERMISSION_DENIED"),
    (duckdb.CatalogException, "FUNCTION_NOT_FOUND"),
    (duckdb.BinderException, "TYPE_MISMATCH"),
    (duckdb.ParserException, "SYNTAX_ERROR"),
    (duckdb.SyntaxException, "SYNTAX_ERROR"),
    (duckdb.NotImplementedException, "NOT_SUPPORTED"),
    (duckdb.InvalidInputException, "INVALID_FUNCTION_ARGUMENT"),
    (duckdb.IOException, "HIVE_CURSOR_ERROR"),
]
