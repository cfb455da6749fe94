"""How a service is reached and as whom it runs: Service and ServiceAccount. Pure."""

from mercato_operator.services.model import CommerceService
from mercato_operator.services.names import Object, metadata, selector
from mercato_operator.services.parts.deployment import METRICS_PORT


def service(owner: CommerceService) -> Object:
    """Named as the service; discovery lists its pods by the port `http`."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(owner),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(owner),
            "ports": [
                {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"},
                {"name": "metrics", "port": METRICS_PORT, "targetPort": "metrics", "protocol": "TCP"},
            ],
        },
    }


def account(owner: CommerceService) -> Object:
    """It may nothing in the API server, and no token is mounted."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(owner),
        "automountServiceAccountToken": False,
    }
