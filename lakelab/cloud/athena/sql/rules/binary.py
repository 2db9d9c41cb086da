"""Binary functions, hashes and UUID.

https://trino.io/docs/435/functions/binary.html
"""

from __future__ import annotations

from lakelab.cloud.athena.sql.rules import RULES, Call, rule
from lakelab.cloud.athena.sql.typed import checked

RULES.update(
    {
        "md5": "unhex(md5({0}))",
        "sha1": "unhex(sha1({0}))",
        "sha256": "unhex(sha256({0}))",
        "to_hex": "hex({0})",
        "to_base64": "to_base64({0})",
        "to_utf8": "encode({0})",
        "uuid": "gen_random_uuid()",
        "to_base64url": "replace(replace(to_base64({0}), '+', '-'), '/', '_')",
    }
)


@rule("from_utf8")
def from_utf8(call: Call) -> str:
    return (
        call.python("trino_from_utf8", call[0])
        if len(call) == 1
        else call.python("trino_from_utf8_with", call[0], f"CAST({call[1]} AS VARCHAR)")
    )


@rule("from_hex", "from_base64", "from_base64url", "from_base32")
def decode(call: Call) -> str:
    """The text may be a varchar or its bytes."""
    value = call[0] if call.args[0].type.is_text else f"decode({call[0]})"
    if call.name == "from_hex":
        odd = call.fail("invalid input length", "BOOLEAN")
        even = checked(f"length({value}) % 2 = 0", value, value, f"CAST({odd} AS VARCHAR)")
        return f"unhex({even})"
    if call.name == "from_base64":
        return f"from_base64({value})"
    return call.python(f"trino_{call.name}", value)


@rule(
    *("sha512", "crc32", "xxhash64", "murmur3", "spooky_hash_v2_32", "spooky_hash_v2_64"),
    *("hmac_md5", "hmac_sha1", "hmac_sha256", "hmac_sha512", "to_base32"),
    *("to_big_endian_32", "to_big_endian_64", "from_big_endian_32", "from_big_endian_64"),
    *("to_ieee754_32", "to_ieee754_64", "from_ieee754_32", "from_ieee754_64"),
)
def in_python(call: Call) -> str:
    if call.name in ("murmur3", "spooky_hash_v2_32", "spooky_hash_v2_64"):
        raise call.unsupported(f"Function {call.name} is not supported")
    return call.python(f"trino_{call.name}", *call.sqls)
