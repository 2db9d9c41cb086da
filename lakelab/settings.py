"""The one place of configuration: typed values from LAKELAB_* variables and the project's folder."""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from lakelab.errors import LakelabError

PREFIX = "LAKELAB_"
EMBEDDED = "ministack"


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
    # the AWS behind the gateway: ministack (in its process), localstack (one of its own), or the URL of any other
    core: str = Field(
        default_factory=lambda given: running_core(given["state"]), pattern=r"^(ministack|localstack|https?://[^/]+)$"
    )
    port: int = Field(default=4566, ge=1, le=65535)
    region: str = "us-east-1"
    account: str = Field(default="000000000000", pattern=r"^\d{12}$")
    iam: Literal["enforce", "off"] = "enforce"
    lambda_concurrency: int = Field(default=4, ge=1, le=64)
    # where learners work on the labs; ignored by git
    work: Path = Field(default_factory=lambda given: given["root"] / "work")
    lab_size: Literal["small", "full"] = "full"  # of the labs' data; the proofs of CI are small

    @property
    def endpoint(self) -> str:
        """The URL of the local AWS."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def deployed(self) -> Path:
        """The folder of what is deployed: the services' own files and the stacks' state, for each core apart."""
        return self.state if self.core == EMBEDDED else self.state / "cores" / re.sub(r"\W+", "-", self.core)

    def with_core(self, core: str | None) -> Settings:
        """These settings with another core; with None, these.

        Raises:
            SettingsError: it is neither a known core nor a URL.
        """
        if core is None:
            return self
        return checked({**{name: getattr(self, name) for name in type(self).model_fields}, "core": core})

    def environment(self) -> dict[str, str]:
        """The LAKELAB_* variables that give another process these same settings."""
        return {PREFIX + name.upper(): str(getattr(self, name)) for name in type(self).model_fields}


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` with a Pulumi.yaml; else `start` itself."""
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    return start


def running_core(state: Path) -> str:
    """The core that the local AWS of a data folder was last started with and not stopped; else the embedded one."""
    try:
        return json.loads((state / "cloud.json").read_text()).get("core", EMBEDDED)
    except (OSError, ValueError):
        return EMBEDDED


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
    return checked({})


def checked(given: dict[str, Any]) -> Settings:
    """Settings of given values; what is not given comes from the environment.

    Raises:
        SettingsError: a value cannot be used.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise SettingsError(f"{name}={first['input']!r}: {first['msg']}", fix=f"unset {name} or correct it") from error
