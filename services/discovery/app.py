"""Wiring of the discovery facade."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress

from starlette.applications import Starlette

from services.chassis.app import application
from services.discovery.api import routes
from services.discovery.instances import Backend
from services.discovery.process_table import ProcessTable
from services.discovery.registry import Registry
from services.discovery.settings import DiscoverySettings


def build(settings: DiscoverySettings) -> Starlette:
    table = ProcessTable(settings.process_table, settings.namespace)
    registry = Registry()
    return application(
        settings,
        routes=routes(table, registry, settings),
        resources=[table, observing(table, registry)],
        checks={"process_table": table.check},
    )


@asynccontextmanager
async def observing(backend: Backend, registry: Registry) -> AsyncIterator[None]:
    """Keeps the registry up to date with the backend."""

    async def observe() -> None:
        async with aclosing(backend.changes()) as snapshots:
            async for snapshot in snapshots:
                registry.observe(snapshot)

    task = asyncio.create_task(observe(), name="eureka-registry")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
