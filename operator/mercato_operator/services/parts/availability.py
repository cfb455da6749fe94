"""How many pods stay and come: PodDisruptionBudget and HorizontalPodAutoscaler. Pure."""

from mercato_operator.services.model import CommerceService
from mercato_operator.services.names import Object, metadata, selector


def disruption_budget(service: CommerceService) -> Object | None:
    """None where there is one pod: a budget that lets one go at a time would keep nothing up."""
    if service.least_replicas <= 1:
        return None
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(service),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(service)},
        },
    }


def autoscaler(service: CommerceService) -> Object | None:
    """None without `autoscaling`. It leaves a Deployment with 0 replicas alone, so it may stay suspended."""
    scaling = service.spec.autoscaling
    if scaling is None:
        return None
    target = {"type": "Utilization", "averageUtilization": scaling.target_cpu}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(service),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": service.name},
            "minReplicas": scaling.min_replicas,
            "maxReplicas": scaling.max_replicas,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }
