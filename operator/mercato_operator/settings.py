"""What the operator knows of the platform it works for, and hands on to the services that it makes.

What the chart's own services are told is told to it by the same variables; a few more are below. Lists and maps are
JSON. A peer is NetworkPolicyPeer of networking.k8s.io/v1.
"""

from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from mercato_operator.process_settings import ProcessSettings

Peer = dict[str, Any]
_ID = 65532
CA_FOLDER = "/etc/mercato"
"""Where certificate authorities are mounted, in the operator's pod and in those it makes."""


class OperatorSettings(ProcessSettings):
    """The defaults are those of the chart's own."""

    model_config = SettingsConfigDict(populate_by_name=True)

    workers: int = Field(4, ge=1, le=32, description="CommerceServices that are seen to at a time")
    resync_seconds: float = Field(300.0, ge=1, description="after so long each is looked at whatever happened")

    # -- the pods it makes --
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    image_pull_secrets: tuple[str, ...] = ()
    pod_security_context: dict[str, Any] = Field(
        {
            "runAsNonRoot": True,
            "runAsUser": _ID,
            "runAsGroup": _ID,
            "fsGroup": _ID,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        description="PodSecurityContext of v1; without ids where the cluster gives them",
    )
    container_security_context: dict[str, Any] = Field(
        {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
        description="SecurityContext of v1, of their containers",
    )
    pre_stop_seconds: int = Field(5, ge=0, description="between the removal from the Service and SIGTERM")
    termination_seconds: int = Field(40, ge=1, description="a pod has to end by itself, the former included")
    otlp_endpoint: str = Field(
        "", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT", description="where spans are sent; empty: nowhere"
    )

    # -- Kafka --
    kafka_ca_secret: str = Field("", description="Secret with the brokers' authority, key ca.crt; empty: the system's")
    kafka_peer: Peer = Field(default_factory=dict, description="its pods; empty: it is outside of the cluster")

    # -- PostgreSQL --
    postgres_host: str = "postgres"
    postgres_port: int = Field(5432, ge=1, le=65535)
    postgres_ssl_mode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] = "prefer"
    postgres_ca_secret: str = Field("", description="Secret with its authority, key ca.crt; empty: the system's")
    postgres_peer: Peer = Field(default_factory=dict, description="its pods; empty: it is outside of the cluster")
    postgres_admin_username: str = Field("", description="may create roles and databases; empty: nobody")
    postgres_admin_password: SecretStr = SecretStr("")
    postgres_admin_database: str = "postgres"
    postgres_exclusive: bool = Field(
        False, description="the server is the platform's alone: what PUBLIC may connect to is closed to new roles"
    )

    # -- the gateway --
    routes: Literal["configmap", "httproute", "none"] = Field(
        "configmap", description="how the gateway is told of routes; none: it takes no others"
    )
    gateway_name: str = Field("mercato", description="the Gateway that routes name in parentRefs")

    # -- who may talk to whom --
    network_policy: bool = True
    platform_labels: dict[str, str] = Field(
        {"app.kubernetes.io/name": "mercato", "app.kubernetes.io/instance": "mercato"},
        description="labels of the platform's own pods; their component is in app.kubernetes.io/component",
    )
    metrics_from: tuple[Peer, ...] = Field((), description="who may read metrics")
    routes_from: tuple[Peer, ...] = Field((), description="pods of another gateway; empty: it is the platform's own")
    dns_to: tuple[Peer, ...] = Field(
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}},),
        description="the cluster's DNS",
    )
    dns_ports: tuple[int, ...] = (53,)
    external_cidr: str = "0.0.0.0/0"
    external_except: tuple[str, ...] = ()

    # -- Prometheus --
    service_monitor: bool = False
    service_monitor_interval: str = "30s"
    service_monitor_labels: dict[str, str] = Field(default_factory=dict)

    def host_for(self, name: str, namespace: str) -> str:
        """A host, or one with a port, as pods of `namespace` reach it: a bare Service's name is one of ours."""
        bare, colon, port = name.partition(":")
        where = "" if "." in bare or namespace == self.namespace else f".{self.namespace}"
        return f"{bare}{where}{colon}{port}"

    def url_for(self, url: str, namespace: str) -> str:
        """The same for a URL."""
        scheme, separator, rest = url.partition("://")
        authority, slash, path = rest.partition("/")
        return f"{scheme}{separator}{self.host_for(authority, namespace)}{slash}{path}"

    def bootstrap_for(self, namespace: str) -> str:
        """Kafka's brokers as pods of `namespace` reach them."""
        return ",".join(self.host_for(each.strip(), namespace) for each in self.kafka_bootstrap.split(","))
