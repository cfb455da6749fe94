"""The NetworkPolicy: the paths that the service needs, and no other. Pure.

The other end of each path is open to pods with the label of a CommerceService (charts/mercato/templates/_network.tpl).
"""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from mercato_operator.services.model import CommerceService
from mercato_operator.services.names import Object, metadata, selector
from mercato_operator.services.parts.deployment import METRICS_PORT
from mercato_operator.settings import OperatorSettings, Peer

_COMPONENT = "app.kubernetes.io/component"
_SERVICE_PORT = 8080
"""Of the pods of the platform's own services."""


def network_policy(service: CommerceService, settings: OperatorSettings) -> Object | None:
    """None where the installation has no policies."""
    if not settings.network_policy:
        return None
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(service),
        "spec": {
            "podSelector": {"matchLabels": selector(service)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": list(_ingress(service, settings)),
            "egress": list(_egress(service, settings)),
        },
    }


def _ingress(service: CommerceService, settings: OperatorSettings) -> Iterator[Object]:
    def platform(component: str) -> Peer:
        return _component(settings, component, service.namespace)

    # The operator asks which settings wait for a restart.
    callers = [platform("operator")]
    if service.spec.route is not None:
        callers += settings.routes_from or [platform("gateway")]
    yield {"from": callers, "ports": [_tcp(service.spec.port)]}
    if settings.metrics_from:
        yield {"from": list(settings.metrics_from), "ports": [_tcp(METRICS_PORT)]}


def _egress(service: CommerceService, settings: OperatorSettings) -> Iterator[Object]:
    dns = [{"protocol": protocol, "port": port} for port in settings.dns_ports for protocol in ("UDP", "TCP")]
    yield {"to": list(settings.dns_to), "ports": dns}
    outside: list[int] = []
    peers: list[tuple[Peer, Sequence[int]]] = []
    if settings.config_url:
        peers.append(_of_url(settings.config_url, settings, service.namespace))
    if service.spec.route is not None:
        peers.append(_of_url(settings.jwks_url, settings, service.namespace))
    if service.spec.database.enabled:
        peers.append((_elsewhere(settings.postgres_peer, settings, service.namespace), (settings.postgres_port,)))
    if service.messages:
        brokers = tuple(int(each.rpartition(":")[2]) for each in settings.kafka_bootstrap.split(","))
        peers.append((_elsewhere(settings.kafka_peer, settings, service.namespace), brokers))
    if settings.otlp_endpoint:
        peers.append(({}, (_port(settings.otlp_endpoint),)))
    for peer, ports in peers:
        if peer:
            yield {"to": [peer], "ports": [_tcp(port) for port in dict.fromkeys(ports)]}
        else:
            outside += ports
    if outside:
        yield {"to": [_world(settings)], "ports": [_tcp(port) for port in dict.fromkeys(outside)]}


def _of_url(url: str, settings: OperatorSettings, namespace: str) -> tuple[Peer, Sequence[int]]:
    """A Service of the platform by its bare name, or a host anywhere."""
    host = urlsplit(url).hostname or ""
    if "." in host:
        return {}, (_port(url),)
    return _component(settings, host, namespace), (_SERVICE_PORT,)


def _component(settings: OperatorSettings, component: str, namespace: str) -> Peer:
    pods = {"podSelector": {"matchLabels": {**settings.platform_labels, _COMPONENT: component}}}
    return _elsewhere(pods, settings, namespace)


def _elsewhere(peer: Peer, settings: OperatorSettings, namespace: str) -> Peer:
    """The platform's pods as seen from another namespace."""
    if not peer or namespace == settings.namespace or "namespaceSelector" in peer:
        return peer
    own = {"matchLabels": {"kubernetes.io/metadata.name": settings.namespace}}
    return {**peer, "namespaceSelector": own}


def _world(settings: OperatorSettings) -> Peer:
    block: Object = {"cidr": settings.external_cidr}
    if settings.external_except:
        block["except"] = list(settings.external_except)
    return {"ipBlock": block}


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _tcp(port: int) -> Object:
    return {"protocol": "TCP", "port": port}
