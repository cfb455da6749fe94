"""Wiring of the discovery facade."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from starlette.applications import Starlette

from services.chassis.http.app import application
from services.chassis.kube.pod import own_namespace
from services.chassis.runtime.tasks import essential, stop
from services.discovery.api import routes
from services.discovery.instances import Backend
from services.discovery.process_table import ProcessTable
from services.discovery.registry import Registry
from services.discovery.settings import DiscoverySettings


def build(settings: DiscoverySettings) -> Starlette:
    backend = _backend(settings)
    registry = Registry()
    return application(
        settings,
        routes=routes(backend, registry, settings),
        resources=[backend, observing(backend, registry)],
        checks={"process_table" if settings.backend == "processes" else settings.backend: backend.check},
    )


def _backend(settings: DiscoverySettings) -> Backend:
    if settings.backend == "processes":
        if settings.process_table is None:
            raise SystemExit("discovery: setting process_table is missing: set MERCATO_PROCESS_TABLE")
        return ProcessTable(settings.process_table, settings.namespace)
    namespaces = settings.namespaces or (own_namespace() or settings.namespace,)
    if settings.backend == "endpointslices":
        from services.discovery.endpointslices import EndpointSlices  # noqa: PLC0415 - its library takes 10 MiB

        return EndpointSlices(namespaces)
    from services.discovery import dns_records  # noqa: PLC0415

    asked = dns_records.questions(settings.dns_services, namespaces, settings.dns_name)
    return dns_records.DnsRecords(asked, settings.dns_poll_seconds, dns_records.system_resolver())


@asynccontextmanager
async def observing(backend: Backend, registry: Registry) -> AsyncIterator[None]:
    """Keeps the registry up to date with the backend."""

    async def observe() -> None:
        async with aclosing(backend.changes()) as snapshots:
            async for snapshot in snapshots:
                registry.observe(snapshot)

    task = essential(observe(), "eureka-registry")
    try:
        yield
    finally:
        await stop(task)
