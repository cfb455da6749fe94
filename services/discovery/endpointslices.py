"""Backend: the EndpointSlices of one or more namespaces, watched; Kubernetes' own truth of what is ready."""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from types import TracebackType

from services.chassis.kube.client import Object, Resource
from services.chassis.kube.mirrors import Mirrors
from services.chassis.kube.reflector import Key
from services.chassis.kube.service_ports import Port, choose_port
from services.chassis.runtime.latest import Latest
from services.discovery.instances import Instance, Snapshot
from services.discovery.spring import is_secure, metadata

SLICES = Resource("discovery.k8s.io/v1", "endpointslices")
SERVICES = Resource("v1", "services")
SERVICE_NAME = "kubernetes.io/service-name"
_FAMILIES = ("IPv4", "IPv6")


class EndpointSlices:
    """Follows the slices, and the services for their labels; while the API server is away, the last state stays."""

    def __init__(self, namespaces: Sequence[str]) -> None:
        self._mirrors = Mirrors("mercato-discovery", self._rebuild)
        selector = {"labelSelector": SERVICE_NAME}
        self._slices = [self._mirrors.add(SLICES, namespace, selector) for namespace in namespaces]
        self._services = [self._mirrors.add(SERVICES, namespace) for namespace in namespaces]
        self._latest = Latest[Snapshot](Snapshot.tells_as)

    async def __aenter__(self) -> None:
        await self._mirrors.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._mirrors.__aexit__(kind, error, trace)

    def snapshot(self) -> Snapshot | None:
        return self._latest.value

    def changes(self) -> AsyncGenerator[Snapshot, None]:
        return self._latest.changes()

    async def check(self) -> str | None:
        if self._latest.value is not None:
            return None
        return "; ".join(self._mirrors.faults) or "the first list is being read"

    def _rebuild(self) -> None:
        if not self._mirrors.synced:
            return
        services = {key: service for mirror in self._services for key, service in mirror.objects.items()}
        slices = [found for mirror in self._slices for found in mirror.objects.values()]
        self._latest.put(Snapshot.of(instances_of(slices, services)))


def instances_of(slices: Sequence[Object], services: Mapping[Key, Object]) -> list[Instance]:
    """Pure: the ready endpoints. A pod with an address of each family is told once, by its IPv4 address."""
    found: dict[tuple[str, str, str], Instance] = {}
    known = [one for one in slices if one.get("addressType") in _FAMILIES]
    for one in sorted(known, key=lambda one: (one["addressType"], one["metadata"]["name"])):
        name = one["metadata"].get("labels", {}).get(SERVICE_NAME, "")
        namespace = one["metadata"]["namespace"]
        for instance in _instances(one, name, namespace, services.get((namespace, name), {})):
            found.setdefault((namespace, name, instance.instance_id), instance)
    return list(found.values())


def _instances(one: Object, name: str, namespace: str, service: Object) -> Iterator[Instance]:
    about = service.get("metadata", {})
    labels, annotations = about.get("labels") or {}, about.get("annotations") or {}
    ports: list[Port] = [(port.get("name") or "", port["port"]) for port in one.get("ports") or [] if port.get("port")]
    port = choose_port(ports, labels)
    if port is None or not name:
        return
    secure, told = is_secure(port, labels, annotations), metadata(service, ports)
    for endpoint in one.get("endpoints") or []:
        # Without a word about it an endpoint is ready (discovery.k8s.io/v1, EndpointConditions).
        if (endpoint.get("conditions") or {}).get("ready") is False:
            continue
        host = endpoint["addresses"][0]
        identity = (endpoint.get("targetRef") or {}).get("uid") or f"{namespace}/{name}/{host}"
        yield Instance(name, identity, host, port[1], namespace, secure, told)
