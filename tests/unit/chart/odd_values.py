"""Values that look like something else: a name that YAML takes for a number, a truth or a date."""

from collections.abc import Callable
from itertools import cycle
from typing import Any

Values = dict[str, Any]
WORDS = ("1234567", "1e3", "0x10", "true", "on", "null", "2024-01-01", "yes", "0b1", "123e5")
"""Each may name a namespace, a Secret, a class."""
NAMESPACE = "1234567"
RELEASE = "1e3"


def bundled(word: Callable[[], str]) -> Values:
    """Wherever a text may be given, it is `word()`; Kafka, PostgreSQL and mail are the chart's own."""
    persistence = {"storageClassName": word(), "size": "100"}
    peers = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": word()}}}]
    return {
        "images": {"registry": "123", "tag": "1e5", "pullSecrets": [word(), word()], "overrides": {"order": "12:34"}},
        "defaults": {
            "priorityClassName": word(),
            "podAnnotations": {"on": word(), "example.com/a": word(), "7": word()},
            "podLabels": {"null": word(), "example.com/team": word()},
            "nodeSelector": {"true": word(), "example.com/pool": word()},
            "tolerations": [{"key": word(), "operator": "Equal", "value": word(), "effect": "NoSchedule"}],
            "extraEnv": [{"name": "A", "value": word()}, {"name": "1e3", "value": word()}],
            "extraVolumes": [{"name": "1e3", "secret": {"secretName": word()}}],
            "extraVolumeMounts": [{"name": "1e3", "mountPath": "/1e3"}],
        },
        "settings": {"order": {"on": word(), "null": word(), "y": word()}},
        "config": {"namespaces": [word(), word()]},
        "operator": {"namespaces": [word(), word()]},
        "gateway": {"service": {"annotations": {"yes": word()}}, "tls": {"secretName": word()}},
        "ingress": {
            "enabled": True,
            "className": word(),
            "host": word(),
            "annotations": {"no": word()},
            "tlsSecretName": word(),
        },
        "oidc": {
            "audience": word(),
            "issuer": "http://123",
            "jwksUrl": "http://123/keys",
            "rolesClaim": word(),
            "emailClaim": word(),
            "nameClaim": word(),
            "signingKeysSecret": word(),
            "refreshSecret": word(),
        },
        "admin": {"existingSecret": word()},
        "kafka": {"existingSecret": word(), "persistence": persistence},
        "postgres": {"existingSecret": word(), "persistence": persistence},
        "payment": {"existingSecret": word()},
        "mail": {"persistence": persistence},
        "autoscaling": {"mode": "hpa"},
        "networkPolicy": {"gatewayFrom": peers, "metricsFrom": peers},
        "serviceMonitor": {"enabled": True, "labels": {"release": word(), "on": word()}},
    }


def external(word: Callable[[], str]) -> Values:
    users = {"username": word(), "adminUsername": word(), "caSecret": word()}
    return {
        "discovery": {"backend": "dns"},
        "gateway": {"source": "kubernetes"},
        "kafka": {"mode": "external", "existingSecret": word(), "external": {"bootstrap": "123:9092,1e3:1", **users}},
        "postgres": {
            "mode": "external",
            "existingSecret": word(),
            "external": {"host": word(), "sslMode": "verify-full", "caSecret": word(), "adminSecret": word()},
        },
        "payment": {"mode": "stripe", "existingSecret": word()},
        "mail": {"mode": "external", "external": {"host": word(), "port": 65535}},
        "autoscaling": {"mode": "keda", "lagThreshold": 10_000_000},
        "telemetry": {"otlpEndpoint": "http://1e3:4318"},
    }


def strimzi(word: Callable[[], str]) -> Values:
    cluster = {"clusterName": "on", "storageClassName": word(), "size": "100Gi"}
    return {"kafka": {"mode": "strimzi", "existingSecret": word(), "strimzi": cluster}, "autoscaling": {"mode": "keda"}}


def strimzi_elsewhere(word: Callable[[], str]) -> Values:
    return {"kafka": {"mode": "strimzi", "strimzi": {"clusterName": "null", "namespace": word()}}}


def gateway_api(word: Callable[[], str]) -> Values:
    names = {"className": word(), "hostname": word(), "tlsSecretName": word()}
    return {"gateway": {"mode": "gateway-api", "gatewayApi": names}}


NAMES = {
    made.__name__: made(cycle(WORDS[index:] + WORDS[:index]).__next__)
    for index, made in enumerate((bundled, external, strimzi, strimzi_elsewhere, gateway_api))
}
"""Values by mode, each with other words first."""

NUMBERS: Values = {
    "defaults": {
        "replicas": 0,
        "terminationGracePeriodSeconds": 10_000_000,
        "autoscaling": {"minReplicas": 2_000_000, "maxReplicas": 2_147_483_647, "cpu": 10_000_000},
        "resources": {"requests": {"cpu": 0.5, "memory": 100_000_000}, "limits": {"memory": 10_000_000_000}},
        "extraEnv": [{"name": "MERCATO_ISSUER", "value": "https://mine"}, {"name": "EMPTY", "value": ""}],
    },
    "components": {"order": {"autoscaling": {"enabled": True}}, "discovery": {"replicas": 10_000_000}},
    "settings": {
        "order": {
            "large": 10_000_000,
            "largest": 2**53 - 1,
            "negative": -12_345_678,
            "ratio": 0.25,
            "small": 0.00000001,
            "whole": 604_800_000.0,
            "text": "10000000",
            "on_": True,
            "empty": "",
        }
    },
    "oidc": {"signingKeyGeneration": 1000},
    "autoscaling": {"mode": "hpa", "lagThreshold": 2**53 - 1},
    "setup": {"ttlSecondsAfterFinished": 10_000_000},
    "gateway": {"controlPlane": {"resources": {"requests": {"cpu": 1}}}},
}
"""Numbers that Go writes as 1e+07 where nobody sees to it."""
