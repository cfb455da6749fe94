"""Tells a controller of the operator what happens in the API server, as the operator's shell does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from mercato_operator.controller import Controller, Watched

from services.chassis.kubernetes import Kubernetes, KubernetesError

_PAUSE = 0.1


@asynccontextmanager
async def fed(controller: Controller, namespaces: Sequence[str]) -> AsyncIterator[None]:
    """The controller runs and hears of everything; it is stopped at the end, wherever it is."""
    await controller.start()
    async with Kubernetes("mercato-test") as client:
        tasks = [
            asyncio.create_task(_follow(client, controller, watched, namespace))
            for watched in controller.watched
            for namespace in watched.namespaces or namespaces
        ]
        try:
            yield
        finally:
            await controller.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(client: Kubernetes, controller: Controller, watched: Watched, namespace: str) -> None:
    selector = ",".join(f"{key}={value}" for key, value in watched.labels.items())
    selectors = {"labelSelector": selector} if selector else None
    while True:
        try:
            items, version = await client.list(watched.resource, namespace, selectors)
            for each in items:
                controller.event(watched.resource, "ADDED", each)
            while True:
                async for event in client.watch(watched.resource, namespace, version, selectors):
                    version = event.object["metadata"]["resourceVersion"]
                    if event.type != "BOOKMARK":
                        controller.event(watched.resource, event.type, event.object)
        except KubernetesError:
            await asyncio.sleep(_PAUSE)
