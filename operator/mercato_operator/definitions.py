"""The operator's own definitions of kinds: applied at start, since Helm never changes those that are there."""

import asyncio
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import yaml

from mercato_operator.kube.ownership import MANAGER
from services.chassis.kube.client import Kubernetes, KubernetesError, Object, Resource

log = logging.getLogger(__name__)

DEFINITIONS: Final = Resource("apiextensions.k8s.io/v1", "customresourcedefinitions")
FOLDER: Final = Path(__file__).parents[1] / "crds"
ESTABLISHED_WITHIN: Final = 60.0


class DefinitionError(Exception):
    """A definition is not in place; the text is one line with the remedy."""


def read(folder: Path = FOLDER) -> list[Object]:
    """The definitions of the folder."""
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))]


async def put_in_place(client: Kubernetes, definitions: Iterable[Object]) -> None:
    """Applies each and waits until its objects are taken. Raises DefinitionError, or KubernetesError to try again.

    Who may not apply them goes on with those that are there: somebody else then sees to their being current.
    """
    for definition in definitions:
        name = definition["metadata"]["name"]
        try:
            await client.apply(DEFINITIONS, None, name, definition, MANAGER)
        except KubernetesError as error:
            if not error.forbidden:
                raise
            log.warning("definition %s may be an older one, since this account may not apply it: %s", name, error)
        await _established(client, definition)


async def _established(client: Kubernetes, definition: Object) -> None:
    name, group = definition["metadata"]["name"], definition["spec"]["group"]
    served = next(one["name"] for one in definition["spec"]["versions"] if one["served"])
    plural = definition["spec"]["names"]["plural"]
    deadline = time.monotonic() + ESTABLISHED_WITHIN
    # Discovery is what kopf looks at, and it is told of a kind a moment after the kind is served.
    while plural not in await client.kinds(f"{group}/{served}"):
        if time.monotonic() > deadline:
            raise DefinitionError(
                f"the API server does not serve {name} after {ESTABLISHED_WITHIN:.0f} s: "
                f"apply operator/crds yourself, and look at kubectl describe crd {name}"
            )
        await asyncio.sleep(0.2)
