"""Settings of the config service."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from services.chassis.configuration.settings import ServiceSettings


class ConfigSettings(ServiceSettings):
    service: ClassVar[str] = "config"
    uses_config_service: ClassVar[bool] = False

    backend: Literal["directory", "kubernetes"] = Field(
        "directory", description="where ConfigMaps are: a folder of manifests, or the API server"
    )
    config_directory: Path = Field(Path("/etc/mercato/config"), description="folder of ConfigMap manifests")
    namespaces: tuple[str, ...] = Field(
        (), description="namespaces of the API server, as JSON; the first that has a key wins; none: the pod's own"
    )
    heartbeat_seconds: int = Field(15, ge=1, le=30, description="silence after which a stream gets a comment")
