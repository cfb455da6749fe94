"""What Envoy's configuration depends on beside the route table."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

Resource = dict[str, Any]
"""One xDS message in its JSON form."""

TYPE: Final = "type.googleapis.com/envoy"
SUBJECT_HEADER: Final = "x-mercato-subject"
"""Whom the token names; set by the token check alone."""
COLLECTOR: Final = "collector"
JWT_REQUIREMENT: Final = "bearer"


@dataclass(frozen=True)
class Collector:
    """Where spans go by OTLP over HTTP, e.g. `http://127.0.0.1:4318`."""

    endpoint: str

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).hostname or "127.0.0.1"

    @property
    def port(self) -> int:
        parts = urlsplit(self.endpoint)
        return parts.port or (443 if self.tls else 80)

    @property
    def tls(self) -> bool:
        return urlsplit(self.endpoint).scheme == "https"

    @property
    def traces_url(self) -> str:
        return self.endpoint.rstrip("/") + "/v1/traces"


@dataclass(frozen=True)
class Tls:
    """Where Envoy speaks TLS; it reads the certificate in `files` again when something is renamed in `folder`."""

    port: int
    folder: Path
    files: Path


@dataclass(frozen=True)
class EnvoyOptions:
    """Where Envoy listens, whose tokens it takes, and where its files and spans go.

    `jwks` is the issuer's JSON Web Key Set; None while no key is known: protected paths then answer 503.
    """

    directory: Path
    host: str
    port: int
    admin_port: int
    issuer: str
    audience: str
    jwks: str | None
    rate_limits: bool = True
    collector: Collector | None = None
    sample_ratio: float = 1.0
    trusted_hops: int = 0
    tls: Tls | None = None


def typed(kind: str, **fields: Any) -> Resource:
    """A `google.protobuf.Any` in its JSON form; `kind` is the type without the common prefix."""
    return {"@type": f"{TYPE}.{kind}", **fields}


def duration(seconds: float) -> str:
    """A `google.protobuf.Duration` in its JSON form."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def file_source(path: Path) -> Resource:
    """A subscription to one file, read again when something is renamed into its folder."""
    return {
        "path_config_source": {"path": str(path), "watched_directory": {"path": str(path.parent)}},
        "resource_api_version": "V3",
        # Without it, a missing resource would keep a cluster and so the listener waiting for 15 s.
        "initial_fetch_timeout": "2s",
    }
