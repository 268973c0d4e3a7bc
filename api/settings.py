"""Settings of the server, from `TWIN_*` environment variables or arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from zoneinfo import available_timezones

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from twin.errors import TwinError


class Settings(BaseSettings):
    """city: the city's folder (`TWIN_CITY`). cors_origins: sites whose pages may read (`*`: any; the
    answers carry no credentials), in the environment a JSON list. timezone: an IANA name, for the viewer's
    clock and for times that state none; by default that of the place where the city lies. base_map_url: a
    `{z}/{x}/{y}` template offered in the viewer; none. page_limit: the most items of one page.
    root_url: the address under which clients know this server, when a proxy stands before it.

    public_read: readings may be read without a token. rate_limit: requests a second that one token or
    address may make, and messages that it may publish by MQTT, on average; 0 for no limit.

    mqtt: `embedded` (this server listens on mqtt_host, mqtt_port), `bridge` (it is a client of the broker
    there) or `off`. mqtt_anonymous: whoever connects may subscribe without a token. mqtt_certificate,
    mqtt_key: files in PEM that make the embedded broker speak TLS. For the bridge: mqtt_user, mqtt_password,
    mqtt_tls, mqtt_authority (a file of certificates to trust), mqtt_client_id (one for each server at a
    broker), mqtt_publish_prefix (goes before the topics of our own changes).

    webhook_networks: inner networks, such as 10.1.0.0/16, to which alerts may be posted; in the environment
    a JSON list. sensor_layer_seconds: how often the tiles of the sensor layer follow the readings; 0: never.

    workers: runs at the same time, each in a process of its own; by default one for each core. dask: the
    address of a scheduler that has them computed instead, such as tcp://10.1.0.5:8786. run_silence: seconds
    without a heartbeat after which a run is failed. run_wait: seconds that a client may wait for a run before
    it is told to come back for it. upload_limit, uploads_limit: bytes of one file that is handed in as an
    input, and of all of them. public_run: runs may be started without a token; by default only by
    programs on this machine, and not when root_url says that a proxy stands before it.
    """

    model_config = SettingsConfigDict(env_prefix="TWIN_")

    city: Path
    cors_origins: list[str] = ["*"]
    timezone: str | None = None
    base_map_url: str | None = None
    page_limit: PositiveInt = 1000
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
    mqtt_certificate: Path | None = None
    mqtt_key: Path | None = None
    mqtt_authority: Path | None = None
    mqtt_client_id: str = "citytwin"
    mqtt_publish_prefix: str = "citytwin/"

    webhook_networks: list[str] = []
    sensor_layer_seconds: float = 10.0

    workers: PositiveInt | None = None
    dask: str | None = None
    run_silence: PositiveFloat = 60.0
    run_wait: NonNegativeFloat = 60.0
    upload_limit: PositiveInt = 256 * 1024 * 1024
    uploads_limit: PositiveInt = 4 * 1024 * 1024 * 1024
    public_run: bool | None = None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        zones = available_timezones()
        if zones and name is not None and name not in zones:
            raise ValueError("this is no IANA time zone such as Asia/Seoul")
        return name


def read_settings(city: Path) -> Settings:
    """The settings for a city, the rest from the environment. Raises TwinError that names the variable."""
    try:
        return Settings(city=city)
    except ValidationError as error:
        first = error.errors()[0]
        raise TwinError(f"TWIN_{first['loc'][0]}".upper() + f": {first['msg']}") from error
    except SettingsError as error:
        raise TwinError(f"{error}; a list is written as JSON") from error
