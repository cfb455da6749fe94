"""The Deployment, hardened as the chart's own (charts/mercato/templates/_pod.tpl). Pure."""

from collections.abc import Mapping
from typing import Final

from mercato_operator.services.model import CommerceService
from mercato_operator.services.names import RESTART_LABEL, Object, labels, metadata, selector
from mercato_operator.services.parts.environment import authorities, environment
from mercato_operator.settings import CA_FOLDER, OperatorSettings

METRICS_PORT: Final = 9090


def deployment(service: CommerceService, settings: OperatorSettings, credentials: Mapping[str, str]) -> Object:
    """`credentials` are annotations of the pods that change with each password, so that pods take the new one.

    Without `replicas` where something else scales it, unless it is suspended.
    """
    spec: Object = {
        "revisionHistoryLimit": 3,
        # A new pod is ready before an old one goes: no request and no message waits for a rollout.
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "selector": {"matchLabels": selector(service)},
        "template": _template(service, settings, credentials),
    }
    if service.spec.suspend:
        spec["replicas"] = 0
    elif service.spec.autoscaling is None:
        spec["replicas"] = service.least_replicas
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(service, more={RESTART_LABEL: "true"}),
        "spec": spec,
    }


def _template(service: CommerceService, settings: OperatorSettings, credentials: Mapping[str, str]) -> Object:
    about: Object = {"labels": labels(service)}
    if credentials:
        about["annotations"] = dict(credentials)
    secrets = authorities(service, settings)
    pod: Object = {
        "serviceAccountName": service.name,
        "automountServiceAccountToken": False,
        # Variables of every Service in the namespace would be taken for settings of the same name.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": settings.termination_seconds,
        "securityContext": settings.pod_security_context,
        "topologySpreadConstraints": [
            {
                "topologyKey": key,
                "maxSkew": 1,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": selector(service)},
            }
            for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
        ],
        "containers": [_container(service, settings)],
        "volumes": [
            {"name": "tmp", "emptyDir": {}},
            *(
                {"name": name, "secret": {"secretName": secret, "items": [{"key": "ca.crt", "path": "ca.crt"}]}}
                for name, secret in secrets.items()
            ),
        ],
    }
    if settings.image_pull_secrets:
        pod["imagePullSecrets"] = [{"name": each} for each in settings.image_pull_secrets]
    return {"metadata": about, "spec": pod}


def _container(service: CommerceService, settings: OperatorSettings) -> Object:
    return {
        "name": "service",
        "image": service.spec.image,
        "imagePullPolicy": settings.image_pull_policy,
        "securityContext": settings.container_security_context,
        "resources": service.spec.resources.model_dump(mode="json"),
        "env": environment(service, settings),
        "ports": [
            {"name": "http", "containerPort": service.spec.port, "protocol": "TCP"},
            {"name": "metrics", "containerPort": METRICS_PORT, "protocol": "TCP"},
        ],
        # A service may wait a minute for its settings at start, and migrate its database.
        "startupProbe": _probe("/livez", period=1, timeout=3, failures=180),
        "livenessProbe": _probe("/livez", period=10, timeout=5, failures=3),
        "readinessProbe": _probe("/readyz", period=3, timeout=5, failures=2),
        "lifecycle": {"preStop": {"sleep": {"seconds": settings.pre_stop_seconds}}},
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - inside the pod, and its own
            *(
                {"name": name, "mountPath": f"{CA_FOLDER}/{name}", "readOnly": True}
                for name in authorities(service, settings)
            ),
        ],
    }


def _probe(path: str, *, period: int, timeout: int, failures: int) -> Object:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }
