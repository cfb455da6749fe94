"""Settings of the gateway's control plane."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from services.chassis.configuration.settings import ServiceSettings, reloadable
from services.chassis.kube.pod import own_namespace


class GatewaySettings(ServiceSettings):
    """Where the route files are, where Envoy reads and listens, and whom to ask for endpoints."""

    service: ClassVar[str] = "gateway"

    source: Literal["files", "configmap", "kubernetes"] = Field(
        "files",
        description="where routes are: a folder; ConfigMaps with such files, watched through the API; or objects of "
        "the Gateway API, whose conditions are then written",
    )
    gateway_directory: Path = Field(Path("gateway-config"), description="folder of HTTPRoute and GatewayPolicy files")
    routes_configmap: str = Field(
        "gateway-routes",
        description="source configmap: name of the platform's own; others of its namespace with the label "
        "`mercato.dev/gateway-config` are read as well",
    )
    namespace: str | None = Field(
        None,
        description="sources configmap and kubernetes: namespace of the ConfigMaps, or of the Gateway; "
        "none: the pod's own",
    )
    namespaces: tuple[str, ...] = Field(
        (), description="source kubernetes: namespaces whose routes are looked at, as JSON; none: all"
    )
    gateway_name: str = Field("mercato", description="the Gateway that routes name in parentRefs")
    envoy_directory: Path = Field(description="folder for Envoy's files; kept over restarts")
    envoy_host: str = Field("0.0.0.0", description="address Envoy listens on for clients")  # noqa: S104
    envoy_port: int = Field(8080, ge=1, le=65535)
    envoy_admin_port: int = Field(9901, ge=1, le=65535, description="Envoy's admin port, on loopback only")
    envoy_tls_port: int | None = Field(
        None, ge=1, le=65535, description="where Envoy speaks TLS to clients, beside `envoy_port`; none: nowhere"
    )
    envoy_tls_directory: Path | None = Field(
        None,
        validate_default=True,
        description="folder of its certificate: `tls.crt` (the chain) and `tls.key`, read again when they are replaced",
    )
    discovery_url: str = Field("http://discovery", description="base URL of the discovery service")
    backends: frozenset[str] = Field(
        frozenset({"config", "customer", "discovery", "gateway", "notification", "order", "payment", "product"}),
        description="backends that exist even while discovery lists no instance of them: 503, not 500",
    )
    trusted_hops: int = Field(0, ge=0, description="proxies in front of the gateway whose X-Forwarded-For is believed")
    rate_limits: bool = reloadable(True, description="off only to measure")

    @field_validator("envoy_tls_directory")
    @classmethod
    def _both_or_none(cls, value: Path | None, known: ValidationInfo) -> Path | None:
        if (value is None) != (known.data.get("envoy_tls_port") is None):
            raise ValueError("envoy_tls_port and envoy_tls_directory need each other: give both or none")
        return value

    @property
    def own_namespace(self) -> str:
        """Where the Gateway, or its ConfigMaps, are."""
        return self.namespace or own_namespace() or "default"
