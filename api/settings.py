"""Settings of the server, from `TWIN_*` environment variables or arguments."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """city: the city's folder (`TWIN_CITY`). cors_origins: sites whose pages may read (`*`: any; the
    answers carry no credentials). base_map_url: a `{z}/{x}/{y}` template offered in the viewer; none."""

    model_config = SettingsConfigDict(env_prefix="TWIN_")

    city: Path
    cors_origins: list[str] = ["*"]
    timezone: str = "Asia/Seoul"
    base_map_url: str | None = None
    page_limit: int = 1000
