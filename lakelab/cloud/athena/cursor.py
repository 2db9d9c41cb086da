"""A cursor over the tokens of one statement: its keywords, names, strings, types and lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.tokens import Token, syntax_error, tokens


class Cursor:
    """Reads forward; every method raises MalformedQuery, with the position, where something else is expected."""

    def __init__(self, sql: str):
        self.sql = sql
        self._tokens = tokens(sql)
        self._ahead: list[Token] = []

    # ---- the cursor

    def peek(self, distance: int = 0) -> Token:
        while len(self._ahead) <= distance:
            self._ahead.append(next(self._tokens, Token("end", "<EOF>", len(self.sql), len(self.sql))))
        return self._ahead[distance]

    def next(self) -> Token:
        token = self.peek()
        del self._ahead[0]
        return token

    def fail(self, expecting: str) -> NoReturn:
        token = self.peek()
        raise syntax_error(self.sql, token.start, f"mismatched input '{token.value}'. Expecting: {expecting}")

    def at(self, *words: str) -> bool:
        """Whether the next tokens are these keywords or symbols."""
        for distance, word in enumerate(words):
            token = self.peek(distance)
            if token.kind not in ("word", "symbol") or token.value.upper() != word:
                return False
        return True

    def take(self, *words: str) -> bool:
        """Step over these keywords if they come next."""
        found = self.at(*words)
        if found:
            for _ in words:
                self.next()
        return found

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.take(word):
                self.fail(f"'{word}'")

    def end(self) -> None:
        if self.peek().kind != "end":
            self.fail("<EOF>")

    def last(self, statement: s.Statement) -> s.Statement:
        """The statement, which has to end here."""
        self.end()
        return statement

    def word(self) -> str:
        if self.peek().kind != "word":
            self.fail("<identifier>")
        return self.next().value

    def string(self) -> str:
        """A string of Hive's grammar: either quote, with backslash escapes."""
        if self.peek().kind not in ("string", "dquote"):
            self.fail("<string>")
        return _unescape(self.next().value)

    def one_of(self, options: dict[str, Callable[[], s.Statement]]) -> s.Statement:
        read = next((options[word] for word in options if self.take(*word.split())), None)
        if read is None:
            self.fail(", ".join(f"'{word}'" for word in options))
        return read()

    # ---- parts

    def identifier(self, *, trino: bool = False) -> str:
        """A name in lower case. Trino's grammar refuses backticks, Hive's refuses double quotes."""
        token = self.peek()
        if token.kind == "backtick" and trino:
            raise syntax_error(
                self.sql,
                token.start,
                "backquoted identifiers are not supported; use double quotes to quote identifiers",
            )
        if token.kind not in ("word", "dquote" if trino else "backtick"):
            self.fail("<identifier>")
        return self.next().value.lower()

    def name(self, *, trino: bool = False) -> s.Name:
        parts = [self.identifier(trino=trino)]
        while self.take("."):
            parts.append(self.identifier(trino=trino))
        if len(parts) == 1 and not trino:
            parts = parts[0].split(".")  # `db.table` inside one pair of backticks
        if len(parts) > 3:
            raise syntax_error(self.sql, self.peek().start, f"Too many parts in name: {'.'.join(parts)}")
        return s.Name(tuple(parts))

    def rest(self) -> str:
        """The text from the next token on, with blanks before it so that its lines and columns stay."""
        start = self.peek().start
        if self.peek().kind == "end":
            self.fail("<query>")
        return "".join("\n" if char == "\n" else " " for char in self.sql[:start]) + self.sql[start:]

    def if_exists(self) -> bool:
        return self.take("IF", "EXISTS")

    def if_not_exists(self) -> bool:
        return self.take("IF", "NOT", "EXISTS")

    def comment(self) -> str | None:
        return self.string() if self.take("COMMENT") else None

    def listed(self, item: Callable[[], object]) -> list:
        """A list in parentheses."""
        self.expect("(")
        items = [item()]
        while self.take(","):
            items.append(item())
        self.expect(")")
        return items

    def string_properties(self) -> dict[str, str]:
        def pair() -> tuple[str, str]:
            key = self.string()
            self.expect("=")
            return key, self.string() if self.peek().kind != "number" else self.next().value

        return dict(self.listed(pair))

    def type_name(self) -> str:
        """A Hive type, written without spaces: `struct<a:int,b:array<string>>`."""
        text = self.identifier()
        if text == "double" and self.take("PRECISION"):
            return "double"
        if self.take("("):
            text += "(" + self.next().value
            while self.take(","):
                text += "," + self.next().value
            self.expect(")")
            return text + ")"
        if self.take("<"):
            parts = [self._type_argument(text)]
            while self.take(","):
                parts.append(self._type_argument(text))
            self.expect(">")
            return f"{text}<{','.join(parts)}>"
        return text

    def _type_argument(self, outer: str) -> str:
        if outer != "struct":
            return self.type_name()
        name = self.identifier()
        self.expect(":")
        return f"{name}:{self.type_name()}"

    def column_def(self) -> s.ColumnDef:
        name = self.identifier()
        return s.ColumnDef(name, self.type_name(), self.comment())

    def partition_spec(self) -> s.PartitionSpec:
        def pair() -> tuple[str, str]:
            key = self.identifier()
            self.expect("=")
            return key, self.value()

        return dict(self.listed(pair))

    def value(self) -> str:
        """A partition value: a string, a number (with its sign), or a typed literal (`DATE '2024-01-01'`)."""
        if self.peek().kind == "word" and self.peek(1).kind in ("string", "dquote"):
            self.next()
        sign = "-" if self.take("-") else ""
        if self.peek().kind in ("number", "word"):
            return sign + self.next().value
        return self.string()


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": "\0", "Z": "\x1a"}


def _unescape(text: str) -> str:
    r"""Hive's escapes: `\t`, `\\`, `\001`, `\u0001`."""
    if "\\" not in text:
        return text
    out: list[str] = []
    position = 0
    while position < len(text):
        char = text[position]
        following = text[position + 1 : position + 2]
        if char != "\\" or not following:
            out.append(char)
            position += 1
        elif following == "u" and len(text) >= position + 6:
            out.append(chr(int(text[position + 2 : position + 6], 16)))
            position += 6
        elif text[position + 1 : position + 4].isdigit() and len(text) >= position + 4:
            out.append(chr(int(text[position + 1 : position + 4], 8)))
            position += 4
        else:
            # Hive leaves an escape that it does not know as it is, so that regular expressions need no doubling of %
            out.append(_ESCAPES.get(following) or (following if following in "\\'\"" else char + following))
            position += 2
    return "".join(out)
