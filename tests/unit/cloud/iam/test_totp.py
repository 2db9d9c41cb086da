"""The test vectors of RFC 6238, appendix B: SHA-1, the last six of their eight digits."""

from __future__ import annotations

import base64

import pytest

from lakelab.cloud.iam import totp

SEED = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_passwords_are_those_of_the_rfc(moment: int, expected: str):
    assert totp.password(SEED, moment) == expected


def test_a_password_is_right_for_a_step_before_and_after():
    assert totp.is_right(SEED, totp.password(SEED, 1000), 1000)
    assert totp.is_right(SEED, totp.password(SEED, 1000), 1000 + totp.STEP_SECONDS)
    assert not totp.is_right(SEED, totp.password(SEED, 1000), 1000 + 3 * totp.STEP_SECONDS)


def test_a_new_seed_is_base32():
    assert len(base64.b32decode(totp.new_seed())) == 40
