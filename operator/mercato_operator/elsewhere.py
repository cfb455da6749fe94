"""Namespaces beside the operator's own: each, or the rights in it, may go while the operator runs."""

from typing import Final

from services.chassis.kube.client import KubernetesError

_FORBIDDEN_OR_GONE: Final = {403, 404}


def is_away(error: KubernetesError, namespace: str, home: str) -> bool:
    """Whether the namespace can be left out for now; what the operator's own refuses is always an error."""
    return namespace != home and error.status in _FORBIDDEN_OR_GONE
