"""Settings of the server, from `TWIN_*` environment variables or arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """city: the city's folder (`TWIN_CITY`). cors_origins: sites whose pages may read (`*`: any; the
    answers carry no credentials). base_map_url: a `{z}/{x}/{y}` template offered in the viewer; none.
    root_url: the address under which clients know this server, when a proxy stands before it.

    public_read: readings may be read without a token. rate_limit: requests a second that one token or
    address may make, on average; 0 for no limit.

    mqtt: `embedded` (this server listens on mqtt_host, mqtt_port), `bridge` (it is a client of the broker
    there) or `off`. mqtt_anonymous: whoever connects may subscribe without a token.

    sensor_layer_seconds: how often the tiles of the sensor layer follow the readings.
    """

    model_config = SettingsConfigDict(env_prefix="TWIN_")

    city: Path
    cors_origins: list[str] = ["*"]
    timezone: str = "Asia/Seoul"
    base_map_url: str | None = None
    page_limit: int = 1000
    root_url: str | None = None

    public_read: bool = True
    rate_limit: float = 0.0
    body_limit: int = 8 * 1024 * 1024

    mqtt: Literal["embedded", "bridge", "off"] = "embedded"
    mqtt_host: str = "127.0.0.1"
    mqtt_port: int = 1883
    mqtt_user: str | None = None
    mqtt_password: SecretStr | None = None
    mqtt_tls: bool = False
    mqtt_anonymous: bool = False

    sensor_layer_seconds: float = 10.0
