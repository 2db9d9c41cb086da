"""Reads the text of a statement into one of the classes of `statements`.

Athena has two grammars: Hive's for DDL (names in backticks, strings in either quote) and Trino's for queries, views and
CREATE TABLE AS (names in double quotes). Only what stands around a query is read here; the query itself stays text.

Source: https://docs.aws.amazon.com/athena/latest/ug/ddl-sql-reference.html
"""

from __future__ import annotations

from collections.abc import Callable

from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.errors import MalformedQuery
from lakelab.cloud.athena.grammar.alter import AlterReader
from lakelab.cloud.athena.grammar.create import CreateReader
from lakelab.cloud.athena.grammar.show import ShowReader
from lakelab.cloud.athena.tokens import one_statement, syntax_error


def parse_statement(sql: str) -> s.Statement:
    """Read one statement; a last semicolon and comments do not count.

    Raises:
        MalformedQuery: the text is no statement of Athena, or more than one.
    """
    try:
        return _Reader(one_statement(sql)).statement()
    except RecursionError as error:
        raise MalformedQuery("statement is too large (stack overflow while parsing)") from error


class _Reader(CreateReader, AlterReader, ShowReader):
    """A method for each form of statement."""

    def statement(self) -> s.Statement:
        if self.peek().kind == "symbol" and self.at("("):
            return s.Query(self.sql)
        options: dict[str, Callable[[], s.Statement]] = {
            "SELECT": self._query,
            "WITH": self._query,
            "VALUES": self._query,
            "TABLE": self._query,
            "INSERT INTO": self._insert,
            "INSERT": lambda: self.fail("'INTO'"),
            "CREATE": self._create,
            "DROP": self._drop,
            "ALTER": self._alter,
            "MERGE INTO": lambda: s.Merge(self.name(trino=True), self.sql),
            "UPDATE": lambda: s.Update(self.name(trino=True), self.sql),
            "DELETE FROM": lambda: s.Delete(self.name(trino=True), self.sql),
            "UNLOAD": self._unload,
            "MSCK REPAIR TABLE": self._repair,
            "SHOW": self._show,
            "DESCRIBE": self._describe,
            "DESC": self._describe,
            "EXPLAIN": self._explain,
            "PREPARE": self._prepare,
            "EXECUTE": self._execute,
            "DEALLOCATE PREPARE": lambda: self.last(s.Deallocate(self._prepared_name())),
            "OPTIMIZE": self._optimize,
            "VACUUM": lambda: self.last(s.Vacuum(self.name(trino=True))),
        }
        if self.peek().kind == "word" and self.peek().value.upper() in _REFUSED:
            raise MalformedQuery("Queries of this type are not supported")
        return self.one_of(options)

    def _query(self) -> s.Query:
        return s.Query(self.sql)

    def _insert(self) -> s.Insert:
        if self.at("OVERWRITE"):
            self.fail("<identifier>")
        name = self.name(trino=True)
        columns: tuple[str, ...] = ()
        if self.at("(") and not self._query_follows(1):
            columns = tuple(self.listed(lambda: self.identifier(trino=True)))
        return s.Insert(name, self.rest(), columns)

    def _query_follows(self, distance: int) -> bool:
        while self.peek(distance).value == "(":
            distance += 1
        token = self.peek(distance)
        return token.kind == "word" and token.value.upper() in ("SELECT", "WITH", "VALUES", "TABLE")

    def _unload(self) -> s.Unload:
        if not self.at("("):
            self.fail("'('")
        start = self.peek().start
        depth = 0
        while True:
            token = self.next()
            if token.kind == "end":
                raise syntax_error(self.sql, token.start, "mismatched input '<EOF>'. Expecting: ')'")
            if token.kind == "symbol":
                depth += {"(": 1, ")": -1}.get(token.value, 0)
            if depth == 0:
                break
        blank = "".join("\n" if char == "\n" else " " for char in self.sql[: start + 1])
        query = blank + self.sql[start + 1 : token.start]
        self.expect("TO")
        location = self.string()
        properties = self._with_properties() if self.take("WITH") else {}
        self.end()
        return s.Unload(query, location, properties)

    def _explain(self) -> s.Explain:
        analyze = self.take("ANALYZE")
        self.take("VERBOSE")
        form = "TEXT"
        if self.at("(") and not self._query_follows(1):

            def option() -> None:
                nonlocal form
                word, value = self.word().upper(), self.word().upper()
                form = value if word == "FORMAT" else form

            self.listed(option)
        return s.Explain(_Reader(self.rest()).statement(), analyze, form)

    # ---- prepared statements

    def _prepared_name(self) -> str:
        return self.identifier(trino=self.peek().kind == "dquote")

    def _prepare(self) -> s.Prepare:
        name = self._prepared_name()
        self.expect("FROM")
        sql = self.rest().strip()
        parse_statement(sql)
        return s.Prepare(name, sql)

    def _execute(self) -> s.Execute:
        name = self._prepared_name()
        if not self.take("USING"):
            self.end()
            return s.Execute(name)
        values: list[str] = []
        start, depth = self.peek().start, 0
        while True:
            token = self.next()
            if token.kind == "end" or (depth == 0 and token.kind == "symbol" and token.value == ","):
                values.append(self.sql[start : token.start].strip())
                if not values[-1]:
                    raise syntax_error(self.sql, token.start, f"mismatched input '{token.value}'")
                start = token.end
            if token.kind == "end":
                return s.Execute(name, tuple(values))
            if token.kind == "symbol":
                depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.value, 0)

    def _optimize(self) -> s.Optimize:
        name = self.name(trino=True)
        self.expect("REWRITE", "DATA", "USING", "BIN_PACK")
        if self.take("WHERE"):
            return s.Optimize(name, self.rest())
        self.end()
        return s.Optimize(name)


# statements of Trino and Hive that Athena's documentation lists as unsupported
_REFUSED = {
    "ANALYZE", "CALL", "COMMENT", "COMMIT", "DENY", "EXPORT", "GRANT", "IMPORT", "LOAD", "LOCK", "REFRESH", "RESET",
    "REVOKE", "ROLLBACK", "SET", "START", "TRUNCATE", "UNLOCK", "USE",
}  # fmt: skip
