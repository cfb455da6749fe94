"""Settings of the config service."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from services.chassis.settings import ServiceSettings


class ConfigSettings(ServiceSettings):
    service: ClassVar[str] = "config"
    uses_config_service: ClassVar[bool] = False

    config_directory: Path = Field(Path("/etc/mercato/config"), description="folder of ConfigMap manifests")
    heartbeat_seconds: int = Field(15, ge=1, le=30, description="silence after which a stream gets a comment")
