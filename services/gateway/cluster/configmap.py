"""The ConfigMaps with route files, watched through the API: a change is there at once.

Mounted as a volume it comes when kubelet next looks, which may take a minute and more.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TypeVar

from services.chassis.kube.client import Object, Resource
from services.chassis.kube.events import News, Recorder
from services.chassis.kube.mirrors import Mirrors
from services.gateway.documents import Documents, Refused, is_document, parse
from services.gateway.models import GatewayPolicy, HTTPRoute
from services.gateway.source import OnDocuments

CONFIGMAPS: Final = Resource("v1", "configmaps")
LABEL: Final = "mercato.dev/gateway-config"
"""A ConfigMap that says `true` holds files as in gateway-config."""
BACKENDS: Final = "mercato.dev/backends"
"""Its annotation: names of backends that exist, ready or not, separated by commas."""
_COMPONENT: Final = "mercato-gateway"
_OLDEST: Final = ""
_UNDATED: Final = "~"

D = TypeVar("D", HTTPRoute, GatewayPolicy)


class RoutesConfigMaps:
    """The platform's own, `name`, and all others of the namespace with the label; one harms no other.

    While its own is missing or the API server is away, the last routes stay. What is refused is told by Events on the
    ConfigMap it is in.
    """

    def __init__(self, namespace: str, name: str) -> None:
        self._key = (namespace, name)
        self._mirrors = Mirrors(_COMPONENT, self._rebuild)
        self._mirror = self._mirrors.add(CONFIGMAPS, namespace, {"labelSelector": f"{LABEL}=true"})
        self._recorder = Recorder(self._mirrors.client, _COMPONENT)
        self._told: Reading | None = None
        self._missing = False
        self._on_documents: OnDocuments | None = None

    async def run(self, on_documents: OnDocuments) -> NoReturn:
        self._on_documents = on_documents
        async with self._mirrors, self._recorder:
            await asyncio.get_running_loop().create_future()
        raise AssertionError("nothing ends it but cancellation")

    def written(self, refused: Sequence[Refused], /) -> None:
        if self._told is not None:
            self._recorder.tell_of_all(map(self._told.news, refused))

    def behind(self) -> str | None:
        missing = (
            f"there is no ConfigMap {self._key[1]} with the label {LABEL} in {self._key[0]}, the last routes stay: "
            "create it"
        )
        return "; ".join((*self._mirrors.faults, *([missing] if self._missing else []))) or None

    def _rebuild(self) -> None:
        if not self._mirrors.synced or self._on_documents is None:
            return
        found = self._mirror.objects
        self._missing = self._key not in found
        if not self._missing:
            self._told = read(found.values(), self._key[1])
            self._on_documents(self._told.documents)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the ConfigMaps say together, and which of them says what."""

    documents: Documents
    own: Mapping[str, Any]
    """Metadata of the platform's own ConfigMap."""
    homes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Metadata by what a refusal may begin with: `HTTPRoute/orders`, or the file's place, `loyalty-route`."""

    def news(self, refused: Refused) -> News:
        """On the ConfigMap that the refused document is in."""
        first, _, rest = refused.document.partition(" ")[0].partition("/")
        home = self.homes.get(f"{first}/{rest.partition('/')[0]}") or self.homes.get(first) or self.own
        sentence = f"{refused.document}: {refused.reason}. The rest is in force."
        about = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": home}
        return News(about, "Warning", "RefusedDocument", sentence)


def read(configmaps: Iterable[Object], own: str) -> Reading:
    """Pure. The platform's own comes first, and its routes are older than any; then the others by their age."""
    ordered = sorted(configmaps, key=lambda one: _age(one, own))
    together = _Together()
    for configmap in ordered:
        name = configmap["metadata"]["name"]
        prefix = "" if name == own else f"{name}/"
        since = _OLDEST if name == own else configmap["metadata"].get("creationTimestamp", _UNDATED)
        together.add(configmap["metadata"], parse(_files(configmap, prefix)), since)
    return Reading(together.documents(), ordered[0]["metadata"], together.homes)


class _Together:
    """The documents of several ConfigMaps: of two with one kind and name the first stays."""

    def __init__(self) -> None:
        self.homes: dict[str, Mapping[str, Any]] = {}
        self._routes: list[HTTPRoute] = []
        self._policies: list[GatewayPolicy] = []
        self._refused: list[Refused] = []
        self._declared: set[str] = set()

    def add(self, about: Mapping[str, Any], found: Documents, since: str) -> None:
        self.homes.setdefault(about["name"], about)
        self._refused += found.refused
        self._routes += [_dated(each, since) for each in found.routes if self._is_first(each, about)]
        self._policies += [_dated(each, since) for each in found.policies if self._is_first(each, about)]
        self._declared |= _declared(about)

    def documents(self) -> Documents:
        routes, policies, refused = tuple(self._routes), tuple(self._policies), tuple(self._refused)
        return Documents(routes, policies, refused, declared=frozenset(self._declared))

    def _is_first(self, document: HTTPRoute | GatewayPolicy, about: Mapping[str, Any]) -> bool:
        name = f"{document.kind}/{document.metadata.name}"
        if name not in self.homes:
            self.homes[name] = about
            return True
        reason = "an older ConfigMap has a document of the same kind and name"
        self._refused.append(Refused(f"{about['name']} {name}", reason))
        return False


def _dated(document: D, since: str) -> D:
    """Of two equal routes the older decides; a document that says nothing is as old as its ConfigMap."""
    metadata = document.metadata
    if since != _OLDEST and metadata.creation_timestamp != _UNDATED:
        return document
    return document.model_copy(update={"metadata": metadata.model_copy(update={"creation_timestamp": since})})


def _files(configmap: Object, prefix: str) -> list[tuple[str, str]]:
    data = sorted((configmap.get("data") or {}).items())
    return [(f"{prefix}{name}", text) for name, text in data if is_document(name)]


def _age(configmap: Object, own: str) -> tuple[bool, str, str]:
    about = configmap["metadata"]
    return about["name"] != own, about.get("creationTimestamp", _UNDATED), about["name"]


def _declared(about: Mapping[str, Any]) -> set[str]:
    names = (about.get("annotations") or {}).get(BACKENDS, "")
    return {name.strip() for name in names.split(",") if name.strip()}
