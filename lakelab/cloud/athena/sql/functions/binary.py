"""Functions of bytes: hashes, encodings."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import zlib
from collections.abc import Callable
from typing import Any

import xxhash

from lakelab.cloud.athena.sql.functions.registry import invalid, python


@python("VARCHAR", "BLOB")
def from_utf8(data: bytes) -> str:
    return data.decode("utf-8", "replace")


@python("VARCHAR", "BLOB", "VARCHAR")
def from_utf8_with(data: bytes, replacement: str) -> str:
    if replacement.isdigit() and len(replacement) > 1:
        replacement = chr(int(replacement))
    out, at = [], 0
    while at < len(data):
        try:
            out.append(data[at:].decode("utf-8"))
            break
        except UnicodeDecodeError as error:
            out.append(data[at : at + error.start].decode("utf-8") + replacement)
            at += error.end
    return "".join(out)


@python("BLOB", "BLOB")
def reverse_bytes(data: bytes) -> bytes:
    return data[::-1]


@python("BLOB", "BLOB", "BIGINT", "BIGINT")
def substr_bytes(data: bytes, start: int, length: int) -> bytes:
    if start == 0 or start < -len(data) or length <= 0:
        return b""
    first = start - 1 if start > 0 else len(data) + start
    return data[first : first + length]


def _padding(data: bytes, length: int, pad: bytes) -> bytes:
    if length < 0:
        raise invalid("Target length must be in the range [0..2147483647]")
    if not pad:
        raise invalid("Padding bytes must not be empty")
    missing = max(0, length - len(data))
    return (pad * (missing // len(pad) + 1))[:missing]


@python("BLOB", "BLOB", "BIGINT", "BLOB")
def lpad_bytes(data: bytes, length: int, pad: bytes) -> bytes:
    return (_padding(data, length, pad) + data) if length > len(data) else data[:length]


@python("BLOB", "BLOB", "BIGINT", "BLOB")
def rpad_bytes(data: bytes, length: int, pad: bytes) -> bytes:
    return (data + _padding(data, length, pad))[:length]


@python("BLOB", "VARCHAR")
def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@python("BLOB", "VARCHAR")
def from_base32(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))


@python("VARCHAR", "BLOB")
def to_base32(data: bytes) -> str:
    return base64.b32encode(data).decode()


@python("BLOB", "BLOB")
def sha512(data: bytes) -> bytes:
    return hashlib.sha512(data).digest()


@python("BIGINT", "BLOB")
def crc32(data: bytes) -> int:
    return zlib.crc32(data)


@python("BLOB", "BLOB")
def xxhash64(data: bytes) -> bytes:
    return xxhash.xxh64(data).digest()


def _hmac(algorithm: str) -> Callable[[bytes, bytes], bytes]:
    return lambda data, key: hmac.new(key, data, algorithm).digest()


for _name in ("md5", "sha1", "sha256", "sha512"):
    python("BLOB", "BLOB", "BLOB", name=f"hmac_{_name}")(_hmac(_name))


def _packed(name: str, layout: str, kind: str) -> None:
    """to_… and from_… of a fixed-width number."""
    size = struct.calcsize(layout)

    def unpack(data: bytes) -> Any:
        if len(data) != size:
            raise invalid(f"expected {size}-byte input, but got instead: {len(data)}")
        return struct.unpack(layout, data)[0]

    python("BLOB", kind, name=f"to_{name}")(lambda value: struct.pack(layout, value))
    python(kind, "BLOB", name=f"from_{name}")(unpack)


_packed("big_endian_32", ">i", "INTEGER")
_packed("big_endian_64", ">q", "BIGINT")
_packed("ieee754_32", ">f", "FLOAT")
_packed("ieee754_64", ">d", "DOUBLE")
