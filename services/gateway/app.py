"""Wiring of the gateway's control plane."""

import os

from starlette.applications import Starlette

from services.chassis.http.app import application
from services.gateway import api
from services.gateway.control import Control
from services.gateway.description import Description
from services.gateway.envoy.options import Collector, EnvoyOptions, Tls
from services.gateway.parts import Parts
from services.gateway.settings import GatewaySettings


def build(settings: GatewaySettings) -> Starlette:
    """The control plane as an application; it is ready once Envoy can start."""
    control = Control(settings, _options(settings))
    parts = Parts(control.services)
    control.on_change(parts.look_again)
    return application(
        settings,
        routes=[*api.routes(control), *Description(control, parts, settings.service).routes()],
        resources=[control, parts],
        checks={"envoy_files": control.not_ready},
        details=control.details,
    )


def _options(settings: GatewaySettings) -> EnvoyOptions:
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return EnvoyOptions(
        directory=settings.envoy_directory.resolve(),
        host=settings.envoy_host,
        port=settings.envoy_port,
        admin_port=settings.envoy_admin_port,
        issuer=settings.issuer,
        audience=settings.audience,
        jwks=None,
        rate_limits=settings.rate_limits,
        collector=Collector(endpoint) if endpoint else None,
        sample_ratio=settings.trace_sample_ratio,
        trusted_hops=settings.trusted_hops,
        tls=_tls(settings),
    )


def _tls(settings: GatewaySettings) -> Tls | None:
    if settings.envoy_tls_port is None or settings.envoy_tls_directory is None:
        return None
    folder = settings.envoy_tls_directory.absolute()
    # Kubelet renames this link, which Envoy sees, and only then makes the links of files that were not there before.
    swapped = folder / "..data"
    return Tls(settings.envoy_tls_port, folder, swapped if swapped.is_dir() else folder)
