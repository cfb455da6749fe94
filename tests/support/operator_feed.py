"""Tells a controller of the operator what happens in the API server, as the operator's shell does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from mercato_operator.kube.controller import Controller
from mercato_operator.kube.informer import Informer

from services.chassis.kube.client import Kubernetes, KubernetesError, Resource

_PAUSE = 0.1


@asynccontextmanager
async def fed(controller: Controller, namespaces: Sequence[str]) -> AsyncIterator[None]:
    """The controller runs and hears of everything; it is stopped at the end, wherever it is."""
    async with Kubernetes("mercato-test") as client:
        informer = Informer(client, [controller], namespaces)
        await informer.read()
        await controller.start()
        tasks = [
            asyncio.create_task(_follow(client, informer, resource, selector, namespace))
            for resource, selector in informer.resources.items()
            for namespace in namespaces
        ]
        try:
            yield
        finally:
            await controller.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(client: Kubernetes, informer: Informer, resource: Resource, selector: str, namespace: str) -> None:
    selectors = {"labelSelector": selector} if selector else None
    while True:
        try:
            items, version = await client.list(resource, namespace, selectors)
            for each in items:
                informer.heard(resource, None, each)
            while True:
                async for event in client.watch(resource, namespace, version, selectors):
                    version = event.object["metadata"]["resourceVersion"]
                    if event.type != "BOOKMARK":
                        informer.heard(resource, event.type, event.object)
        except KubernetesError:
            await asyncio.sleep(_PAUSE)
