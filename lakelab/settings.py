"""The one place of configuration: typed values from LAKELAB_* variables and the project's folder."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from lakelab.errors import LakelabError

PREFIX = "LAKELAB_"


class SettingsError(LakelabError):
    """A setting is unknown or its value cannot be used."""


class Settings(BaseSettings):
    """Everything about lakelab that can be set from outside.

    Each field is read from `LAKELAB_<NAME>`; a `LAKELAB_*` variable that is no field is an error, and so is a value
    of the wrong type: a mistyped switch must not leave its default in force without a word.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    root: Path = Field(default_factory=lambda: find_root(Path.cwd()))
    # the data folder: all that the local AWS and the deployments keep; ignored by git
    state: Path = Field(default_factory=lambda given: given["root"] / ".lakelab")
    port: int = Field(default=4566, ge=1, le=65535)
    region: str = "us-east-1"
    account: str = Field(default="000000000000", pattern=r"^\d{12}$")
    iam: Literal["enforce", "off"] = "enforce"
    lambda_concurrency: int = Field(default=4, ge=1, le=64)

    @property
    def endpoint(self) -> str:
        """The URL of the local AWS."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """The LAKELAB_* variables that give another process these same settings."""
        return {PREFIX + name.upper(): str(getattr(self, name)) for name in type(self).model_fields}


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` with a Pulumi.yaml; else `start` itself."""
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    return start


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        SettingsError: a LAKELAB_* variable is unknown or has a value that cannot be used.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known:
            raise SettingsError(f"unknown setting {name}", fix=f"known settings are {', '.join(sorted(known))}")
    try:
        return Settings()  # type: ignore[call-arg]  # pydantic reads the fields from the environment
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise SettingsError(f"{name}={first['input']!r}: {first['msg']}", fix=f"unset {name} or correct it") from error
