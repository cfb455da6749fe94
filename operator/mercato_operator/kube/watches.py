"""kopf's part: it lists and watches each kind in each namespace, and tells what it hears."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import kopf

from mercato_operator.kube.informer import Informer
from services.chassis.kube.client import Resource
from services.chassis.retry import Backoff

SERVER_SECONDS: Final = 60
"""The server ends a watch after so long."""
CLIENT_SECONDS: Final = 75
"""One that says nothing for longer is dead, whatever the socket says."""

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


def registry(informer: Informer, lifespan: Lifespan) -> kopf.OperatorRegistry:
    """Only low-level handlers: those put no mark on objects."""
    made = kopf.OperatorRegistry()
    living: list[AbstractAsyncContextManager[None]] = []

    @kopf.on.login(registry=made)
    def login(**given: Any) -> kopf.ConnectionInfo | None:
        """By kopf's own means: the official library's classes take more memory than all the rest."""
        return kopf.login_with_kubeconfig(**given) or kopf.login_with_service_account(**given)

    @kopf.on.startup(registry=made, errors=kopf.ErrorsMode.PERMANENT)
    async def start(**_: Any) -> None:
        living.append(lifespan())
        await living[-1].__aenter__()

    @kopf.on.cleanup(registry=made, errors=kopf.ErrorsMode.PERMANENT)
    async def end(**_: Any) -> None:
        while living:
            await living.pop().__aexit__(None, None, None)

    for resource in informer.resources:
        _listen(made, resource, informer)
    return made


def _listen(made: kopf.OperatorRegistry, resource: Resource, informer: Informer) -> None:
    group, _, version = resource.api_version.rpartition("/")

    @kopf.on.event(group, version, resource.plural, id=f"heard-{resource}", registry=made)
    async def heard(event: Mapping[str, Any], **_: Any) -> None:
        informer.heard(resource, event["type"], dict(event["object"]))


def watching_settings(resources: Mapping[Resource, str]) -> kopf.OperatorSettings:
    """Watches that end and are resumed, and that wait out an API server that is away."""
    settings = kopf.OperatorSettings()
    settings.process.ultimate_exiting_timeout = 30
    settings.posting.enabled = False
    settings.scanning.disabled = True  # which needs rights on all namespaces and definitions
    settings.networking.error_backoffs = Backoff(first=0.5, limit=8.0)
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    settings.watching.server_timeout = SERVER_SECONDS
    settings.watching.client_timeout = CLIENT_SECONDS
    settings.watching.connect_timeout = 5
    settings.watching.reconnect_backoff = 0.5
    for resource, selector in resources.items():
        if selector:
            group, _, version = resource.api_version.rpartition("/")
            settings.watching.label_selectors[group, version, resource.plural] = selector
    return settings
