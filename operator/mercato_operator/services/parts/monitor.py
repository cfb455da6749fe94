"""The ServiceMonitor of the Prometheus operator. Pure."""

from mercato_operator.services.model import CommerceService
from mercato_operator.services.names import Object, metadata, selector
from mercato_operator.settings import OperatorSettings


def service_monitor(service: CommerceService, settings: OperatorSettings) -> Object | None:
    """None where the installation has none."""
    if not settings.service_monitor:
        return None
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": metadata(service, more=settings.service_monitor_labels),
        "spec": {
            "selector": {"matchLabels": selector(service)},
            "endpoints": [{"port": "metrics", "interval": settings.service_monitor_interval}],
        },
    }
