"""Settings: typed, from LAKELAB_* alone, and never silently ignored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lakelab.settings import Settings, SettingsError, find_root, settings


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch):
    for name in ("LAKELAB_PORT", "LAKELAB_IAM", "LAKELAB_ROOT", "LAKELAB_STATE", "LAKELAB_CORE"):
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_values_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("LAKELAB_PORT", "4600")
    monkeypatch.setenv("LAKELAB_ROOT", str(tmp_path))
    assert settings().endpoint == "http://127.0.0.1:4600"
    assert settings().state == tmp_path / ".lakelab"
    assert settings().environment()["LAKELAB_PORT"] == "4600"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param("LAKELAB_PROT", "4600", "unknown setting LAKELAB_PROT", id="mistyped name"),
        pytest.param("LAKELAB_PORT", "many", "LAKELAB_PORT='many'", id="mistyped number"),
        pytest.param("LAKELAB_CORE", "localstck", "LAKELAB_CORE='localstck'", id="mistyped core"),
        pytest.param("LAKELAB_IAM", "enforced", "LAKELAB_IAM='enforced'", id="mistyped switch"),
    ],
)
def test_a_mistyped_setting_is_an_error(monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=message) as refused:
        settings()
    assert refused.value.fix


def test_the_core_is_the_running_one_unless_another_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("LAKELAB_STATE", str(tmp_path))
    assert settings().core == "ministack"
    (tmp_path / "cloud.json").write_text(json.dumps({"core": "localstack"}))
    settings.cache_clear()
    assert settings().core == "localstack"
    assert settings().with_core("http://127.0.0.1:5000").core == "http://127.0.0.1:5000"
    assert settings().with_core(None) == settings()
    with pytest.raises(SettingsError, match="LAKELAB_CORE='ftp://a'"):
        settings().with_core("ftp://a")


def test_what_is_deployed_to_one_core_is_apart_from_another(tmp_path: Path):
    cores = ("ministack", "localstack", "http://127.0.0.1:5000", "http://127.0.0.1:5001")
    folders = [Settings(root=tmp_path, core=core).deployed for core in cores]
    assert folders[0] == tmp_path / ".lakelab"
    assert len(set(folders)) == 4


def test_the_root_is_the_nearest_folder_with_a_pulumi_project(tmp_path: Path):
    (tmp_path / "Pulumi.yaml").touch()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_root(inner) == tmp_path
