"""Namespaces beside the operator's own: each, or the rights in it, may go while the operator runs."""

from services.chassis.kube.client import KubernetesError


def is_away(error: KubernetesError, namespace: str, home: str) -> bool:
    """Whether the namespace can be left out for now; what the operator's own refuses is always an error."""
    return namespace != home and (error.forbidden or error.not_found)
