"""Settings of the gateway's control plane."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from services.chassis.settings import ServiceSettings, reloadable


class GatewaySettings(ServiceSettings):
    """Where the route files are, where Envoy reads and listens, and whom to ask for endpoints."""

    service: ClassVar[str] = "gateway"

    gateway_directory: Path = Field(Path("gateway-config"), description="folder of HTTPRoute and GatewayPolicy files")
    gateway_name: str = Field("mercato", description="the Gateway that routes name in parentRefs")
    envoy_directory: Path = Field(description="folder for Envoy's files; kept over restarts")
    envoy_host: str = Field("0.0.0.0", description="address Envoy listens on for clients")  # noqa: S104
    envoy_port: int = Field(8080, ge=1, le=65535)
    envoy_admin_port: int = Field(9901, ge=1, le=65535, description="Envoy's admin port, on loopback only")
    discovery_url: str = Field("http://discovery", description="base URL of the discovery service")
    backends: frozenset[str] = Field(
        frozenset({"config", "customer", "discovery", "gateway", "notification", "order", "payment", "product"}),
        description="backends that exist even while discovery lists no instance of them: 503, not 500",
    )
    trusted_hops: int = Field(0, ge=0, description="proxies in front of the gateway whose X-Forwarded-For is believed")
    rate_limits: bool = reloadable(True, description="off only to measure")
