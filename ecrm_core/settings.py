"""How this installation is set up: `ECRM_*` in the environment.

Rules of the company (time zone, boundaries, intervals, …) are not here: they are dated rows in the
database, see `models/company.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def data_folder() -> Path:
    """Where this user's e-CRM keeps its embedded databases."""
    return Path(platformdirs.user_data_dir("ecrm", appauthor=False))


class Installation(BaseSettings):
    """Settings of the installation, read from `ECRM_*`."""

    model_config = SettingsConfigDict(env_prefix="ECRM_", extra="ignore")

    database_url: str = Field(default_factory=lambda: f"sqlite:///{data_folder() / 'ecrm.db'}")
    language: Literal["id", "en"] = "id"
    session_idle_minutes: int = 60
    session_hours: int = 12
