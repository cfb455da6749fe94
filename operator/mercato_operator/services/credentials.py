"""The Secrets with a service's passwords, in the API server."""

import logging

from mercato_operator.services.children import Children
from mercato_operator.services.kinds import SECRETS, contains
from mercato_operator.services.model import CommerceService
from mercato_operator.services.names import Object
from mercato_operator.services.parts import secrets
from mercato_operator.services.store import Store
from services.chassis.kube.client import Kubernetes

log = logging.getLogger(__name__)


class Credentials:
    """Not by server-side apply: a value that is made once must not take the place of one that came meanwhile."""

    def __init__(self, client: Kubernetes, store: Store, children: Children) -> None:
        self._client, self._store, self._children = client, store, children

    async def known(self, service: CommerceService, name: str) -> bool:
        """Whether there is such a Secret. Raises KubernetesError."""
        return await self._children.find(SECRETS, service.namespace, name) is not None

    async def ensure(self, service: CommerceService, name: str, username: str) -> Object:
        """The Secret, with a password that is as new as the service asks for. Raises KubernetesError."""
        live = await self._children.find(SECRETS, service.namespace, name)
        wanted = secrets.wanted(service, name, username, live)
        if live is None:
            found = await self._client.create(SECRETS, service.namespace, wanted.content)
        elif contains(live, wanted.content):
            return live
        else:
            # The version makes it fail rather than overwrite what came in between.
            about = {**wanted.content["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}
            patch = {**wanted.content, "metadata": about}
            found = await self._client.merge(SECRETS, service.namespace, name, patch)
        if wanted.made:
            log.info("a password was made in Secret %s/%s", service.namespace, name)
        self._store.put(SECRETS.plural, found)
        return found
