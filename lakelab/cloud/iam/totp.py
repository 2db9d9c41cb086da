"""One-time passwords of virtual MFA devices: RFC 6238 with SHA-1, six digits, thirty seconds."""

from __future__ import annotations

import base64
import hmac
import secrets
import time

STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1  # clocks differ


def new_seed() -> str:
    """A seed as AWS gives it to a virtual device: 64 characters of base32."""
    return base64.b32encode(secrets.token_bytes(40)).decode()


def password(seed: str, moment: float | None = None) -> str:
    """The one-time password of a moment (seconds since 1970, now by default).

    Raises:
        ValueError: the seed is not base32.
    """
    step = int((time.time() if moment is None else moment) // STEP_SECONDS)
    return _password(base64.b32decode(seed, casefold=True), step)


def is_right(seed: str, given: str, moment: float | None = None, *, later_steps: int = 0) -> bool:
    """Whether a one-time password is that of a moment, give or take a step; `later_steps` looks further ahead."""
    step = int((time.time() if moment is None else moment) // STEP_SECONDS)
    key = base64.b32decode(seed, casefold=True)
    steps = range(step - DRIFT_STEPS, step + DRIFT_STEPS + later_steps + 1)
    return any(hmac.compare_digest(_password(key, each), given) for each in steps)


def _password(key: bytes, step: int) -> str:
    digest = hmac.new(key, step.to_bytes(8), "sha1").digest()
    at = digest[-1] & 0xF
    number = int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)
