"""Settings of the discovery facade."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from services.chassis.settings import ServiceSettings


class DiscoverySettings(ServiceSettings):
    service: ClassVar[str] = "discovery"

    process_table: Path = Field(description="the local supervisor's table of processes, as JSON")
    namespace: str = Field("default", description="told as the namespace of each instance")
    heartbeat_seconds: int = Field(15, ge=1, le=30, description="silence after which a stream gets a comment")
