"""Reads Athena's SQL into sqlglot's tree, and refuses what Trino's grammar does not have.

sqlglot's parser takes the union of many dialects. This one takes away what it can at the level of tokens and parser
tables; whatever else it lets pass is refused by the translator, which handles Trino's nodes and no others.
Functions are kept under the names that the statement gives them: types and meaning are Trino's, not sqlglot's.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, cast

from sqlglot import exp
from sqlglot.dialects.athena import Athena
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.trino import TrinoParser
from sqlglot.tokens import Token, TokenType  # pyright: ignore[reportPrivateImportUsage]

from lakelab.cloud.athena.sql.errors import SqlError

# tokens of other dialects: without them the text fails to parse, as it does in Trino
_FOREIGN = (
    *(
        "::",
        "||/",
        "|/",
        "->>",
        "#>",
        "#>>",
        "#-",
        "<->",
        "<=>",
        "==",
        "~~~",
        "~~",
        "~*",
        "~~*",
        "??",
        ":=",
        "<@",
        "@>",
    ),
    *("&&", "?::", "-|-", "&<", "&>", "^@", "@@", "{%", "{%-", "{{+", "{{-", "**", "//", "^", "~", "&", "|>"),
    *("ILIKE", "RLIKE", "REGEXP", "GLOB", "SIMILAR TO", "QUALIFY", "PIVOT", "UNPIVOT", "PREWHERE", "DIV", "OVERLAPS"),
    *("SORT BY", "CLUSTER BY", "DISTRIBUTE BY", "SEMI", "ANTI", "ASOF", "ISNULL", "NOTNULL", "STRAIGHT_JOIN", "XOR"),
    *("SUMMARIZE", "LATERAL VIEW", "CONNECT BY", "START WITH", "TOP", "STRUCT", "OPERATOR"),
)


_INTERVAL_UNITS = {"YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"}


class _Tokenizer(Trino.Tokenizer):
    KEYWORDS = {text: kind for text, kind in Trino.Tokenizer.KEYWORDS.items() if text.upper() not in _FOREIGN}
    # as raw strings the digits arrive as they are written: Trino allows spaces between them
    HEX_STRINGS = []
    RAW_STRINGS = [("x'", "'"), ("X'", "'")]
    SINGLE_TOKENS = {
        text: kind for text, kind in Trino.Tokenizer.SINGLE_TOKENS.items() if text not in ("#", "$", "@", "^", "&", "~")
    }


class _Parser(TrinoParser):
    FUNCTIONS = {}
    FUNCTION_PARSERS = {
        "CAST": lambda self: self._placed(lambda: self._parse_cast(True)),
        "TRY_CAST": lambda self: self._placed(lambda: self._parse_cast(False, safe=True)),
        "EXTRACT": lambda self: self._placed(lambda: self._parse_extract()),
        "TRIM": lambda self: self._placed(lambda: self._parse_trim()),
        "POSITION": lambda self: self._placed(lambda: self._parse_position()),
        "SUBSTRING": lambda self: self._placed(lambda: self._parse_substring()),
        "NORMALIZE": lambda self: self._placed(lambda: self._parse_normalize()),
        "LISTAGG": lambda self: self._placed(lambda: self._parse_listagg()),
        "JSON_EXISTS": lambda self: self._placed(lambda: self._parse_json_path_function("json_exists")),
        "JSON_VALUE": lambda self: self._placed(lambda: self._parse_json_path_function("json_value")),
        "JSON_QUERY": lambda self: self._placed(lambda: self._parse_json_path_function("json_query")),
        "JSON_OBJECT": lambda self: self._placed(lambda: self._parse_json_constructor("json_object")),
        "JSON_ARRAY": lambda self: self._placed(lambda: self._parse_json_constructor("json_array")),
    }
    NO_PAREN_FUNCTION_PARSERS = {
        key: value for key, value in TrinoParser.NO_PAREN_FUNCTION_PARSERS.items() if key in ("CASE", "IF", "ANY")
    }
    ADJACENT_STRINGS_CANNOT_BE_CONNECTED = True
    OPTIONAL_ALIAS_TOKEN_CTE = False
    SUBQUERY_TOKENS = {*TrinoParser.SUBQUERY_TOKENS, TokenType.VALUES, TokenType.TABLE, TokenType.L_PAREN}

    def _placed(self, read: Callable[[], exp.Expr]) -> exp.Expr:
        """A call with a syntax of its own, at the position of its name."""
        name = self._tokens[self._index - 2]
        return read().update_positions(name)

    def _parse_select_query(self, *args: Any, **options: Any) -> exp.Expr | None:
        if self._curr and self._curr.token_type in (TokenType.FROM, TokenType.DESCRIBE):
            self.raise_error("Unexpected token")
        return super()._parse_select_query(*args, **options)

    def _parse_csv(self, parse_method: Callable[[], Any], sep: TokenType = TokenType.COMMA) -> list[Any]:
        """A list with something between its commas, and none at its end."""
        first = parse_method()
        items = [] if first is None else [first]
        while self._match(sep):
            item = parse_method()
            if item is None or not items:
                self.raise_error("Unexpected token")
            items.append(item)
        return items

    def _parse_interval(self, *args: Any, **options: Any) -> Any:
        """`INTERVAL '1' DAY`: the value is a string, the unit a word after it."""
        if self._match(TokenType.INTERVAL, advance=False):
            sign = self._next.token_type in (TokenType.DASH, TokenType.PLUS)
            value, unit = (
                self._tokens[index] if index < len(self._tokens) else None
                for index in (self._index + 1 + sign, self._index + 2 + sign)
            )
            if value is not None and value.token_type == TokenType.NUMBER:
                self.raise_error("Unexpected token", value)
            if (
                value is not None
                and value.token_type == TokenType.STRING
                and (unit is None or unit.text.upper() not in _INTERVAL_UNITS)
            ):
                raise SqlError("TYPE_NOT_FOUND", "Unknown resolvedType: interval", self._curr.line, self._curr.col)
        return super()._parse_interval(*args, **options)

    def _parse_string_as_identifier(self) -> None:
        return None

    def _parse_listagg(self) -> exp.Anonymous:
        """`listagg([DISTINCT] x [, separator] [ON OVERFLOW …])`; WITHIN GROUP follows the parenthesis."""
        distinct = self._match(TokenType.DISTINCT)
        args = self._parse_csv(self._parse_disjunction)
        if distinct:
            args[0] = exp.Distinct(expressions=[args[0]])
        overflow = None
        if self._match_text_seq("ON", "OVERFLOW"):
            start = self._index
            while self._curr and not self._match(TokenType.R_PAREN, advance=False):
                self._advance()
            overflow = " ".join(token.text.upper() for token in self._tokens[start : self._index])
        node = exp.Anonymous(this="listagg", expressions=args)
        node.set("overflow", overflow)
        return node

    def _parse_json_path_function(self, name: str) -> exp.Anonymous:
        """`json_value(input [FORMAT JSON], path [PASSING …] [options])`; options are kept as upper-case words."""
        value = self._parse_disjunction()
        self._match_text_seq("FORMAT", "JSON")
        self._match(TokenType.COMMA)
        path = self._parse_disjunction()
        node = exp.Anonymous(this=name, expressions=[value, path])
        if self._match_text_seq("PASSING"):
            node.set("passing", self._parse_csv(self._parse_json_argument))
        if self._match_text_seq("RETURNING"):
            node.set("returning", self._parse_types())
            self._match_text_seq("FORMAT", "JSON")
        options: list[str] = []
        defaults: list[exp.Expr] = []
        while self._curr and not self._match(TokenType.R_PAREN, advance=False):
            if self._match(TokenType.DEFAULT):
                options.append("DEFAULT")
                defaults.append(cast(exp.Expr, self._parse_bitwise()))
                continue
            options.append(self._curr.text.upper())
            self._advance()
        node.set("options", " ".join(options))
        node.set("defaults", defaults)
        return node

    def _parse_json_argument(self) -> exp.Expr:
        value = self._parse_disjunction()
        self._match_text_seq("FORMAT", "JSON")
        self._match(TokenType.ALIAS)
        self._advance_any()
        return exp.Alias(this=value, alias=exp.to_identifier(self._prev.text))

    def _parse_json_constructor(self, name: str) -> exp.Anonymous:
        """`json_object('a' : 1, KEY 'b' VALUE 2 NULL ON NULL)`, `json_array(1, 2 ABSENT ON NULL)`."""
        args: list[exp.Expr] = []
        options: list[str] = []
        while self._curr and not self._match(TokenType.R_PAREN, advance=False):
            if self._curr.text.upper() in ("NULL", "ABSENT", "WITH", "WITHOUT") and self._next.text.upper() in (
                "ON",
                "UNIQUE",
            ):
                while self._curr and not self._match(TokenType.R_PAREN, advance=False):
                    options.append(self._curr.text.upper())
                    self._advance()
                break
            if name == "json_object":
                self._match_text_seq("KEY")
                key = self._parse_bitwise()
                if not self._match(TokenType.COLON) and not self._match_text_seq("VALUE"):
                    self.raise_error("Expected VALUE")
                args.append(exp.Tuple(expressions=[key, self._parse_json_member()]))
            else:
                args.append(self._parse_json_member())
            if not self._match(TokenType.COMMA):
                continue
        node = exp.Anonymous(this=name, expressions=args)
        node.set("options", " ".join(options))
        return node

    def _parse_json_member(self) -> exp.Expr:
        value = self._parse_disjunction()
        if self._match_text_seq("FORMAT", "JSON"):
            return exp.Anonymous(this="json_parse", expressions=[value])
        return cast(exp.Expr, value)

    def _parse_bracket(self, this: exp.Expr | None = None) -> exp.Expr | None:
        if this is None and self._match(TokenType.L_BRACKET, advance=False):
            self.raise_error("mismatched input '['")
        if self._match(TokenType.L_BRACE, advance=False):
            self.raise_error("mismatched input '{'")
        return super()._parse_bracket(this)


class AthenaDialect(Trino):
    """Trino as Athena speaks it in queries and DML."""

    INDEX_OFFSET = 0
    SUPPORTS_USER_DEFINED_TYPES = True  # an unknown type is refused with its name, not as a syntax error
    Tokenizer = _Tokenizer
    Parser = _Parser


_QUERY_STARTS = {"SELECT", "WITH", "VALUES", "TABLE", "(", "INSERT", "DELETE", "UPDATE", "MERGE"}
_HIVE_STARTS = {"ALTER", "CREATE", "DROP", "SHOW", "DESCRIBE", "DESC", "MSCK"}
_DIALECT = AthenaDialect()


def parse(sql: str) -> exp.Expr:
    """One statement of Athena SQL as sqlglot's tree; comments before it and one `;` after it are dropped.

    Queries and DML (also those inside CREATE TABLE AS and CREATE VIEW) are in the form that `translate` takes; Hive DDL
    comes as sqlglot's athena dialect gives it. Raises SqlError: a syntax error, or more than one statement.
    """
    tokens = _tokenize(sql)
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    if not tokens:
        raise SqlError("SYNTAX_ERROR", "mismatched input '<EOF>'", 1, 1)
    if any(token.token_type == TokenType.SEMICOLON for token in tokens):
        raise SqlError("SYNTAX_ERROR", f"Only one sql statement is allowed. Got: {sql}")
    first = tokens[0].text.upper()
    if first in _HIVE_STARTS and not _holds_query(tokens):
        return _parse_hive(sql)
    if first not in _QUERY_STARTS and first != "CREATE":
        raise _mismatch(tokens[0])
    trees = _guard(lambda: _DIALECT.parser().parse(tokens, sql), sql)
    statement = trees[0] if trees else None
    if not isinstance(statement, exp.Expr) or isinstance(statement, exp.Command):
        raise _mismatch(tokens[0])
    statement.meta["sql"] = sql
    return statement


def parse_expression(sql: str) -> exp.Expr:
    """A single expression: a literal of ExecutionParameters, for one. Raises SqlError."""
    tokens = _tokenize(sql)
    trees = _guard(lambda: _DIALECT.parser().parse_into(exp.Condition, tokens, sql), sql)
    if not trees or not isinstance(trees[0], exp.Expr):
        raise SqlError("SYNTAX_ERROR", "mismatched input '<EOF>'", 1, 1)
    return trees[0]


def _tokenize(sql: str) -> list[Token]:
    try:
        tokens = _DIALECT.tokenize(sql)
        for token in tokens:
            if token.token_type == TokenType.VAR and token.text[:1] in "#$@^&~":
                raise _mismatch(token)
        return tokens
    except TokenError as error:
        raise SqlError("SYNTAX_ERROR", f"mismatched input: {str(error).splitlines()[0]}", 1, 1) from error


def _holds_query(tokens: list[Token]) -> bool:
    """CREATE TABLE AS, CREATE VIEW and DROP VIEW are Trino's; the other DDL is Hive's."""
    words = [token.text.upper() for token in tokens[:4]]
    if words[0] == "CREATE":
        return "VIEW" in words or ("EXTERNAL" not in words and _has_as_query(tokens))
    return words[:2] == ["DROP", "VIEW"]


def _has_as_query(tokens: list[Token]) -> bool:
    starts = ("SELECT", "WITH", "(", "VALUES", "TABLE")
    return any(
        token.token_type == TokenType.ALIAS and after.text.upper() in starts for token, after in pairwise(tokens)
    )


def _parse_hive(sql: str) -> exp.Expr:
    trees = _guard(lambda: Athena().parse(sql), sql)
    statement = next((tree for tree in trees if isinstance(tree, exp.Expr)), None)
    if statement is None:
        raise SqlError("SYNTAX_ERROR", "mismatched input '<EOF>'", 1, 1)
    return statement


def _guard(read: Callable[[], list[Any]], sql: str) -> list[Any]:
    try:
        return read()
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        text = first.get("highlight") or "<EOF>"
        line, column = first.get("line") or 1, first.get("col") or 1
        raise SqlError("SYNTAX_ERROR", f"mismatched input '{text}'", line, max(1, column - len(text) + 1)) from error
    except TokenError as error:
        raise SqlError("SYNTAX_ERROR", str(error).splitlines()[0], 1, 1) from error
    except RecursionError as error:
        raise SqlError("STACK_OVERFLOW", "statement is too large (stack overflow during analysis)") from error


def _mismatch(token: Token) -> SqlError:
    return SqlError(
        "SYNTAX_ERROR", f"mismatched input '{token.text}'", token.line, max(1, token.col - len(token.text) + 1)
    )


# --- positions -------------------------------------------------------------------------------------------------------


def position(node: exp.Expr, sql: str) -> tuple[int, int]:
    """Where a node starts (line, column, from 1); of an operator, where itself stands. (0, 0) if unknown."""
    if isinstance(node, (exp.Binary, exp.In, exp.Between)) and not isinstance(node, exp.Dot):
        right = node.args.get("expression") or node.args.get("low") or next(iter(node.expressions), None)
        start = _start(right) if isinstance(right, exp.Expr) else None
        if start is not None:
            before = [token for token in _tokenize(sql) if token.end < start and token.text != "("]
            if before:
                token = before[-1]
                return token.line, token.col - len(token.text) + 1
    start = _start(node)
    if start is None:
        return 0, 0
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and "start" not in node.meta:
        start = max((token.start for token in _tokenize(sql) if token.end < start), default=start)  # DATE '…'
    line = sql.count("\n", 0, start) + 1
    return line, start - (sql.rfind("\n", 0, start) + 1) + 1


def _start(node: exp.Expr) -> int | None:
    starts = [item.meta["start"] for item in node.walk() if item.meta.get("start") is not None]
    return min(starts) if starts else None
