"""Which of a Kubernetes Service's ports is meant where only one can be told.

The rule is Spring Cloud Kubernetes' (KubernetesDiscoveryClient 3): the only port, else the one the label
`primary-port-name` names, else `https`, `http`, the first.
"""

from collections.abc import Mapping, Sequence

PRIMARY_PORT = "primary-port-name"
_PREFERRED = ("https", "http")

Port = tuple[str, int]
"""(name, number); the only port of a service may have no name."""


def choose_port(ports: Sequence[Port], labels: Mapping[str, str]) -> Port | None:
    """None where there is no port."""
    if len(ports) <= 1:
        return ports[0] if ports else None
    for wanted in (labels.get(PRIMARY_PORT), *_PREFERRED):
        for port in ports:
            if wanted and port[0] == wanted:
                return port
    return ports[0]
