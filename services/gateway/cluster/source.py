"""Source: objects of the Gateway API, watched, and their conditions, written once Envoy has what follows from them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from services.chassis.kube.client import Resource
from services.chassis.kube.mirrors import Mirrors
from services.chassis.kube.reflector import Reflector
from services.gateway.cluster.attachment import attach
from services.gateway.cluster.objects import (
    CLASSES,
    GATEWAYS,
    GRANTS,
    NAMESPACES,
    POLICIES,
    ROUTES,
    SERVICES,
    Cluster,
    Objects,
    Status,
)
from services.gateway.cluster.writer import StatusWriter
from services.gateway.documents import Documents, Refused
from services.gateway.settings import GatewaySettings
from services.gateway.source import OnDocuments


class RouteObjects:
    """Follows the objects of the namespaces that the settings name, or of all."""

    def __init__(self, settings: GatewaySettings) -> None:
        own = settings.own_namespace
        self._key = (own, settings.gateway_name)
        self._ports = frozenset({80, settings.envoy_port})
        # The Gateway's own namespace is always looked at.
        asked = dict.fromkeys((own, *settings.namespaces))
        self._namespaces: tuple[str | None, ...] = tuple(asked) if settings.namespaces else (None,)
        self._mirrors = Mirrors("mercato-gateway", self._rebuild)
        self._classes = self._mirrors.add(CLASSES)
        self._gateways = self._mirrors.add(GATEWAYS, own)
        self._routes = self._of_each(ROUTES)
        self._grants = self._of_each(GRANTS)
        self._policies = self._of_each(POLICIES)
        self._services = self._of_each(SERVICES)
        # Labels of namespaces matter to selectors alone, and one's own needs none.
        self._labels = [] if self._namespaces == (own,) else [self._mirrors.add(NAMESPACES)]
        self._writer = StatusWriter(self._mirrors.client)
        self._statuses: Sequence[Status] = ()
        self._documents: Documents | None = None
        self._on_documents: OnDocuments | None = None

    async def run(self, on_documents: OnDocuments) -> NoReturn:
        self._on_documents = on_documents
        async with self._mirrors:
            await self._writer.run()
        raise AssertionError("nothing ends it but cancellation")

    def written(self, _refused: Sequence[Refused], /) -> None:
        """Each object tells by its conditions."""
        self._writer.give(self._statuses)

    def behind(self) -> str | None:
        return "; ".join(self._mirrors.faults) or None

    def _of_each(self, resource: Resource) -> list[Reflector]:
        return [self._mirrors.add(resource, namespace) for namespace in self._namespaces]

    def _rebuild(self) -> None:
        if not self._mirrors.synced or self._on_documents is None:
            return
        cluster = Cluster(
            classes=self._classes.objects,
            gateways=self._gateways.objects,
            routes=_joined(self._routes),
            grants=_joined(self._grants),
            policies=_joined(self._policies),
            services=_joined(self._services),
            namespaces=_joined(self._labels),
        )
        documents, self._statuses = attach(cluster, self._key, self._ports)
        missing = tuple(Refused("the API server", fault) for fault in self._mirrors.missing)
        documents = replace(documents, refused=(*documents.refused, *missing))
        if documents == self._documents:
            self._writer.give(self._statuses)  # nothing to wait for
        self._documents = documents
        self._on_documents(documents)


def _joined(mirrors: Sequence[Reflector]) -> Objects:
    if len(mirrors) == 1:
        return mirrors[0].objects
    return {key: found for mirror in mirrors for key, found in mirror.objects.items()}
