"""Pulumi's passphrase secrets."""

from __future__ import annotations

import re

import pytest

from lakelab.deploy.engine.secrets import Secrets, WrongPassphrase


def test_what_is_encrypted_opens_with_passphrase_and_salt() -> None:
    secrets = Secrets("open sesame")
    assert secrets.salt is None, "no key is made before there is a secret"
    sealed = secrets.encrypt("hunter2")
    assert re.fullmatch(r"v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/=]+", sealed)
    assert secrets.salt
    assert re.fullmatch(r"v1:[A-Za-z0-9+/=]{12}:v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/=]+", secrets.salt)
    assert Secrets("open sesame", secrets.salt).decrypt(sealed) == "hunter2"
    assert secrets.encrypt("hunter2") != sealed, "the same text never looks the same"
    with pytest.raises(WrongPassphrase) as raised:
        Secrets("wrong", secrets.salt).decrypt(sealed)
    assert raised.value.fix == "set PULUMI_CONFIG_PASSPHRASE to the passphrase of this stack"
