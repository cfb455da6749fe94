"""Lets objects go when the operator is uninstalled: `python -m mercato_operator.jobs.release`, run once it is gone.

Nobody would take its finalizers off any more, and they would hold up the end of the namespace. What the objects asked
for stays as it is: topics, databases and roles that were to be removed with them do not go.
"""

import asyncio
import sys
from typing import Final

from mercato_operator.kube.ownership import FINALIZER
from mercato_operator.process_settings import ProcessSettings
from mercato_operator.services.kinds import SERVICES
from mercato_operator.topics.objects import ORDER_TOPICS
from services.chassis.configuration.settings import load
from services.chassis.kube.client import InvalidClusterAccessError, Kubernetes, KubernetesError, Resource

KINDS: Final = (ORDER_TOPICS, SERVICES)
SECONDS: Final = 60.0
_PAUSE: Final = 1.0


async def release(client: Kubernetes, namespaces: tuple[str, ...]) -> int:
    """How many objects were let go. Raises KubernetesError."""
    released = 0
    for resource in KINDS:
        for namespace in namespaces:
            released += await _release(client, resource, namespace)
    return released


async def _release(client: Kubernetes, resource: Resource, namespace: str) -> int:
    try:
        items, _ = await client.list(resource, namespace)
    except KubernetesError as error:
        if error.not_found:  # the kind is gone, and its objects with it
            return 0
        raise
    released = 0
    for item in items:
        metadata = item["metadata"]
        left = [one for one in metadata.get("finalizers") or () if one != FINALIZER]
        if len(left) == len(metadata.get("finalizers") or ()):
            continue
        patch = {"metadata": {"finalizers": left, "resourceVersion": metadata["resourceVersion"]}}
        try:
            await client.merge(resource, namespace, metadata["name"], patch)
        except KubernetesError as error:
            if not (error.conflict or error.not_found):
                raise
        released += 1
    return released


async def _until_none(namespaces: tuple[str, ...]) -> int:
    """An operator that is still about to end may hold an object once more: so until nothing is held."""
    total = 0
    async with Kubernetes("mercato-operator") as client, asyncio.timeout(SECONDS):
        while True:
            try:
                released = await release(client, namespaces)
            except KubernetesError as error:
                sys.stderr.write(f"waiting: {error}\n")
                released = -1
            if released == 0:
                return total
            total += max(released, 0)
            await asyncio.sleep(_PAUSE)


def main() -> None:
    """Raises SystemExit with one line when it could not be done."""
    settings = asyncio.run(load(ProcessSettings))
    try:
        released = asyncio.run(_until_none(settings.all_namespaces))
    except (InvalidClusterAccessError, TimeoutError) as error:
        reason = str(error) or f"objects are still held after {SECONDS:.0f} s"
        raise SystemExit(f"release: {reason}; remove the finalizer {FINALIZER} yourself") from None
    sys.stdout.write(f"release: {released} objects were let go\n")


if __name__ == "__main__":
    main()
