"""The plugin of the target duckdb: S3 as the standard AWS environment says, and none for a folder."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

PLUGINS = Path(__file__).parents[3] / "transforms" / "plugins"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "it's secret", "AWS_DEFAULT_REGION": "eu-west-1"}


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(PLUGINS))
    return importlib.import_module("lake_s3")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({}, ("eu-west-1", None, None, "true"), id="AWS itself"),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
            ("eu-west-1", "127.0.0.1:4566", "path", "false"),
            id="another endpoint",
        ),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ENDPOINT_URL_S3": "https://minio.example:9000"},
            ("eu-west-1", "minio.example:9000", "path", "true"),
            id="an endpoint for S3 alone",
        ),
    ],
)
def test_duckdb_gets_the_environments_endpoint_and_keys(
    plugin: ModuleType, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: tuple[str | None, ...]
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with duckdb.connect(config={"allow_unredacted_secrets": "true"}) as connection:
        plugin.Plugin("lake_s3", {"root": "s3://lake"}).configure_connection(connection)
        [(text,)] = connection.execute("select secret_string from duckdb_secrets(redact = false)").fetchall()
    found = dict(part.partition("=")[::2] for part in text.split(";"))
    assert found["key_id"] == "AKIDEXAMPLE"
    assert found["secret"] == "it's secret"
    assert tuple(found.get(name) for name in ("region", "endpoint", "url_style", "use_ssl")) == expected


def test_a_session_token_goes_with_the_keys(plugin: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    assert plugin._secret()["session_token"] == "token"


def test_a_folder_needs_no_s3(plugin: ModuleType, tmp_path: Path):
    with duckdb.connect() as connection:
        plugin.Plugin("lake_s3", {"root": str(tmp_path)}).configure_connection(connection)
        loaded = connection.execute("select loaded from duckdb_extensions() where extension_name = 'httpfs'").fetchone()
    assert loaded == (False,)


def test_without_credentials_it_says_so(plugin: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(plugin.boto3, "Session", lambda: type("S", (), {"get_credentials": staticmethod(lambda: None)}))
    with pytest.raises(RuntimeError, match="no AWS credentials"):
        plugin._secret()
