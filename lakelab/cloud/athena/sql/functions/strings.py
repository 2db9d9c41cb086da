"""Functions of text."""

from __future__ import annotations

import unicodedata
from decimal import ROUND_HALF_UP, Decimal

from lakelab.cloud.athena.sql.functions.registry import invalid, python


@python("VARCHAR", "VARCHAR", "VARCHAR")
def normalize(text: str, form: str) -> str:
    if form.upper() not in ("NFC", "NFD", "NFKC", "NFKD"):
        raise invalid("Normalization form must be one of [NFD, NFC, NFKD, NFKC]")
    return unicodedata.normalize(form.upper(), text)  # type: ignore[arg-type]


@python("BIGINT", "VARCHAR", "VARCHAR", "BIGINT")
def strpos(text: str, part: str, instance: int) -> int:
    if instance == 0:
        raise invalid("'instance' must not be a positive or negative number.")
    if not part:
        return 1 if instance > 0 else len(text) + 1
    found = -1 if instance > 0 else len(text)
    for _ in range(abs(instance)):
        found = (
            text.find(part, found + 1) if instance > 0 else text.rfind(part, 0, found + len(part) - 1 if found else 0)
        )
        if found < 0:
            return 0
    return found + 1


@python("VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR")
def replace(text: str, search: str, replacement: str) -> str:
    return text.replace(search, replacement)


@python("VARCHAR", "VARCHAR")
def soundex(text: str) -> str:
    codes = {
        **dict.fromkeys("BFPV", "1"),
        **dict.fromkeys("CGJKQSXZ", "2"),
        **dict.fromkeys("DT", "3"),
        "L": "4",
        **dict.fromkeys("MN", "5"),
        "R": "6",
    }
    letters = [char for char in text.upper() if char.isalpha()]
    if not letters:
        return ""
    if any(char > "Z" for char in letters):
        raise invalid("The character is not mapped")
    out, last = letters[0], codes.get(letters[0], "")
    for char in letters[1:]:
        code = codes.get(char, "")
        if code and code != last:
            out += code
        if char not in "HW":
            last = code
    return out[:4].ljust(4, "0")


@python("BOOLEAN", "VARCHAR")
def luhn_check(text: str) -> bool:
    if not text.isdigit():
        raise invalid("Input does not have only digits")
    digits = [int(char) for char in reversed(text)]
    return sum(digit if index % 2 == 0 else sum(divmod(digit * 2, 10)) for index, digit in enumerate(digits)) % 10 == 0


@python("BIGINT", "VARCHAR", "VARCHAR")
def hamming_distance(left: str, right: str) -> int:
    if len(left) != len(right):
        raise invalid("The input strings to hamming_distance function must have the same length")
    return sum(a != b for a, b in zip(left, right, strict=True))


@python("VARCHAR", "DOUBLE")
def format_number(value: float) -> str:
    size, unit = abs(value), ""
    if size < 1000:
        return str(int(value))
    for unit in ("", "K", "M", "B", "T", "Q"):  # noqa: B007 - the unit that ends the loop is the result's
        if size < 1000:
            break
        size /= 1000
    digits = 2 if size < 10 else 1 if size < 100 else 0
    shown = f"{Decimal(repr(size)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return ("-" if value < 0 else "") + shown + unit
