"""The one place that reads the environment."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path
from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from lablib.errors import LabError

MARKER = Path("stack", "versions.env")


def find_home(start: Path | None = None) -> Path:
    """Return the checkout's root: the nearest folder upwards that holds ``stack/versions.env``.

    Looks from ``start`` (default: the current folder), then from this package.
    """
    for begin in (start or Path.cwd(), Path(__file__)):
        for folder in (begin.resolve(), *begin.resolve().parents):
            if (folder / MARKER).is_file():
                return folder
    raise LabError(
        "This is not a checkout of the lab kit.",
        f"no {MARKER} in {Path.cwd()} or any folder above it",
        "cd into the folder that you cloned, or set LAB_HOME to it",
    )


class Settings(BaseSettings):
    """Everything that may differ between checkouts. Set by ``LAB_*`` variables or ``.env``."""

    model_config = SettingsConfigDict(env_prefix="LAB_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=find_home, description="the checkout's root")
    stack: Literal["auto", "processes", "compose", "attached"] = Field(
        default="auto", description="the backend: compose, processes, or whichever works here"
    )
    port_offset: int = Field(
        default=0, ge=0, le=20000, description="added to every port, so that two checkouts can run"
    )
    cache: Path = Field(
        default_factory=lambda: user_cache_path("streaming-lab-kit"),
        description="where downloads are kept, shared by all checkouts",
    )
    data: Path = Field(
        default_factory=lambda values: values["home"] / ".lab",
        description="what this checkout's stack keeps: data, logs, passwords, the ledger",
    )

    project: str = Field(
        default_factory=lambda values: project_name(values["home"], values["data"]),
        validation_alias="COMPOSE_PROJECT_NAME",
        description="the name of this checkout's containers, volumes and networks",
    )

    prometheus_speed: float = Field(
        default=20,
        ge=1,
        le=30,
        description="rules and alerts are so many times faster than in real life (1)",
    )
    alert_webhook: str = Field(
        default="",
        description="where Alertmanager sends its notices (http://...); default: nowhere",
    )

    @field_validator("alert_webhook", mode="after")
    @classmethod
    def _is_address(cls, address: str) -> str:
        if address and not re.fullmatch(r"https?://[^\s'\"\\]+", address):
            raise ValueError("it is no address that begins with http:// or https://")
        return address

    @field_validator("home", mode="after")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @field_validator("data", mode="after")
    @classmethod
    def _below_home(cls, data: Path, info: ValidationInfo) -> Path:
        """Take a relative folder as one below the checkout, not below whoever asks."""
        return Path(info.data["home"], data.expanduser()).resolve()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over ``.env``."""
        return init_settings, env_settings, dotenv_settings

    @property
    def logs(self) -> Path:
        """One log file per service."""
        return self.data / "logs"

    @property
    def stack_files(self) -> Path:
        """Configuration, SQL and connectors that both backends read."""
        return self.home / "stack"

    @property
    def cache_folder(self) -> Path:
        """The cache as an absolute path."""
        return self.cache.expanduser().resolve()


def project_name(home: Path, data: Path) -> str:
    """Return Compose's name for a checkout: that of its folder, and more if its data lie elsewhere."""
    name = re.sub(r"[^a-z0-9_-]", "", home.name.lower()).lstrip("_-") or "lab-kit"
    if data == home / ".lab":
        return name
    return f"{name}-{hashlib.sha256(str(data).encode()).hexdigest()[:8]}"


def load_settings() -> Settings:
    """Read the settings; a wrong value is answered with its variable's name."""
    home = Path(os.environ["LAB_HOME"]) if "LAB_HOME" in os.environ else find_home()
    if not (home / MARKER).is_file():
        raise LabError(
            "LAB_HOME is not a checkout of the lab kit.",
            f"LAB_HOME={home}, and there is no {MARKER} in it",
            "set LAB_HOME to the folder that you cloned, or unset it",
        )
    try:
        return Settings(_env_file=home / ".env")
    except ValidationError as error:
        first = error.errors()[0]
        name = "LAB_" + "_".join(str(part) for part in first["loc"]).upper()
        raise LabError(
            f"The setting {name} is wrong: {first['msg']}.",
            f"{name}={first['input']!r}",
            f"correct {name} in your shell or in the file .env",
        ) from error
