"""Pulumi's passphrase secrets: PBKDF2-SHA256 makes the key, AES-256-GCM the ciphertext.

The formats are those of the Pulumi CLI: a salt `v1:<salt>:v1:<nonce>:<check>` whose last part is the word "pulumi"
encrypted, and values `v1:<nonce>:<ciphertext>`; all parts base64.
"""

from __future__ import annotations

import base64
import hashlib
import os
import threading

from lakelab.errors import LakelabError

ITERATIONS = 1_000_000


class WrongPassphrase(LakelabError):
    """The passphrase is not the one that the stack's secrets were made with."""


class Secrets:
    """Encrypts and decrypts the secrets of one stack. The key is made when it is first needed (0.3 s).

    Args:
        passphrase: PULUMI_CONFIG_PASSPHRASE.
        salt: the stack's salt, or None to make one when it is needed.
    """

    def __init__(self, passphrase: str, salt: str | None = None):
        self._passphrase = passphrase
        self._salt = salt
        self._key: bytes | None = None
        self._lock = threading.Lock()

    @property
    def salt(self) -> str | None:
        """The salt of the stack; None as long as there has been no secret."""
        return self._salt

    def encrypt(self, text: str) -> str:
        return _seal(self._ready_key(), text.encode())

    def decrypt(self, ciphertext: str) -> str:
        """The text of a ciphertext.

        Raises:
            WrongPassphrase: the passphrase does not open it.
        """
        return _open(self._ready_key(), ciphertext).decode()

    def _ready_key(self) -> bytes:
        with self._lock:
            if self._key is None:
                if self._salt is None:
                    raw = os.urandom(8)
                    self._key = _derive(self._passphrase, raw)
                    self._salt = f"v1:{_b64(raw)}:{_seal(self._key, b'pulumi')}"
                else:
                    _, raw_text, check = self._salt.split(":", 2)
                    key = _derive(self._passphrase, base64.b64decode(raw_text))
                    if _open(key, check) != b"pulumi":
                        raise WrongPassphrase("the salt of the stack does not belong to the passphrase")
                    self._key = key
            return self._key


def _derive(passphrase: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, ITERATIONS, 32)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _seal(key: bytes, data: bytes) -> str:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(12)
    return f"v1:{_b64(nonce)}:{_b64(AESGCM(key).encrypt(nonce, data, None))}"


def _open(key: bytes, ciphertext: str) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    _, nonce, box = ciphertext.split(":")
    try:
        return AESGCM(key).decrypt(base64.b64decode(nonce), base64.b64decode(box), None)
    except InvalidTag as error:
        fix = "set PULUMI_CONFIG_PASSPHRASE to the passphrase of this stack"
        raise WrongPassphrase("the passphrase does not open the secrets of this stack", fix=fix) from error
