"""Reads a CSV file of the feed as a stream: its header, then line by line, whatever the lines hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from .contract import Contract, Rejected, Value

BUFFER_BYTES = 1 << 20
LINE_BYTES = 1 << 20  # a longer line is no line of a CSV file


class UnreadableFile(Exception):
    """The file as a whole cannot be read, so that none of its rows is in the lake."""


@dataclass(frozen=True)
class Line:
    """A line of the file. The number counts from 1, the header; `text` has no line end."""

    number: int
    text: str


class Feed:
    """The lines of one file.

    A record is one line: no field of the contract holds a line break, so that a stray quote spoils its own line only.
    A line that is not UTF-8 is read as Latin-1, in which every byte is a character; `latin1_lines` counts them.

    Args:
        body: the file's bytes, read once and never as a whole.

    Raises:
        UnreadableFile: the file is empty or binary, its header is not the contract's, or (while iterating) a line
            is longer than 1 MiB.
    """

    def __init__(self, body: IO[bytes], contract: Contract):
        self.latin1_lines = 0
        self._body = io.BufferedReader(body, BUFFER_BYTES)  # type: ignore[arg-type]  # botocore's body is a RawIOBase
        self._number = 0
        header = self._header()
        self._width = len(header)
        self.ignored_columns = [name for name in header if name not in contract.feed]
        missing = [name for name in contract.feed if name not in header]
        if missing:
            raise UnreadableFile(f"the header lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}")
        self._parsers = [(header.index(name), contract.parser(name)) for name in contract.feed]

    def lines(self) -> Iterator[Line]:
        """The lines after the header that are not empty."""
        while data := self._read_line():
            text = self._decode(data)
            if text and not text.isspace():
                yield Line(self._number, text)

    def values(self, line: Line) -> list[Value]:
        """The values of a line, in the order of the contract's feed columns. Raises Rejected."""
        fields = _split(line.text)
        if len(fields) != self._width:
            raise Rejected("wrong_column_count", None, f"the header has {self._width} columns, the line {len(fields)}")
        return [parse(fields[at]) for at, parse in self._parsers]

    def _header(self) -> list[str]:
        start = self._body.peek(1)
        if not start:
            raise UnreadableFile("the file is empty: not even a header")
        if b"\0" in start:
            raise UnreadableFile("the file is binary: it has zero bytes where a CSV file has text")
        try:
            names = [
                name.strip().lower() for name in _split(self._decode(self._read_line().removeprefix(b"\xef\xbb\xbf")))
            ]
        except Rejected as error:
            raise UnreadableFile(f"the header is not CSV: {error.detail}") from error
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UnreadableFile(f"the header has a column twice: {', '.join(map(repr, twice))}")
        return names

    def _read_line(self) -> bytes:
        data = self._body.readline(LINE_BYTES)
        self._number += bool(data)
        if len(data) == LINE_BYTES and not data.endswith(b"\n"):
            raise UnreadableFile(f"line {self._number} is longer than {LINE_BYTES} bytes")
        return data

    def _decode(self, data: bytes) -> str:
        data = data.rstrip(b"\r\n")
        try:
            return data.decode()
        except UnicodeDecodeError:
            self.latin1_lines += 1
            return data.decode("latin-1")


def _split(text: str) -> list[str]:
    if '"' not in text:
        return text.split(",")
    try:
        [fields] = csv.reader([text], strict=True)
    except csv.Error as error:
        raise Rejected("malformed_csv", None, f"the line is not CSV: {error}") from error
    return fields
