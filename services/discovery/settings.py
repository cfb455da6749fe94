"""Settings of the discovery facade."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from services.chassis.configuration.settings import ServiceSettings


class DiscoverySettings(ServiceSettings):
    service: ClassVar[str] = "discovery"

    backend: Literal["processes", "endpointslices", "dns"] = Field(
        "processes", description="who knows what is ready: the local supervisor, the API server, or DNS"
    )
    process_table: Path | None = Field(
        None, description="backend processes: the local supervisor's table of processes, as JSON"
    )
    namespace: str = Field("default", description="told as the namespace of each instance, where no other is known")
    namespaces: tuple[str, ...] = Field(
        (), description="backends endpointslices and dns: namespaces, as JSON; none: the pod's own, else `namespace`"
    )
    dns_services: tuple[str, ...] = Field(
        ("config", "customer", "discovery", "gateway", "notification", "order", "payment", "product"),
        description="backend dns: the services to ask for, as JSON",
    )
    dns_name: str = Field(
        "_http._tcp.{service}.{namespace}.svc.cluster.local",
        pattern=r"^[^{}]*\{service\}[^{}]*(\{namespace\}[^{}]*)?$",
        description="backend dns: name of a service's SRV records; the service must be headless",
    )
    dns_poll_seconds: float = Field(
        1.0, ge=0.1, le=30, description="backend dns: shortest pause between two questions; a longer TTL is waited for"
    )
    heartbeat_seconds: int = Field(15, ge=1, le=30, description="silence after which a stream gets a comment")
