"""Strimzi's objects for topics and users. Pure. (Strimzi 1.x, `kafka.strimzi.io/v1`.)"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mercato_operator.kafka.backend import Account
from mercato_operator.kafka.topics import Topic
from mercato_operator.kube.ownership import MANAGED_BY
from services.chassis.kube.client import Object, Resource

TOPICS: Final = Resource("kafka.strimzi.io/v1", "kafkatopics")
USERS: Final = Resource("kafka.strimzi.io/v1", "kafkausers")
SECRETS: Final = Resource("v1", "secrets")
CLUSTER: Final = "strimzi.io/cluster"
INSTALLATION: Final = "mercato.dev/installation"
"""Label: the namespace of the platform whose operator wrote the object; several may share a Kafka."""
MANAGED_USER: Final = "mercato.dev/managed-user"
"""Label of users that go when no service asks for them."""
PURPOSE: Final = "mercato.dev/purpose"
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


@dataclass(frozen=True, slots=True)
class Strimzi:
    """Where Kafka is, and whose objects these are. `home` is the operator's own namespace."""

    namespace: str
    cluster: str
    home: str

    def labels(self, **more: str) -> dict[str, str]:
        return {**MANAGED_BY, INSTALLATION: self.home, **more}

    def is_ours(self, body: Object) -> bool:
        return _installation(body) == self.home

    def foreign(self, body: Object) -> str | None:
        """Why an object is left alone; None where it may be changed: it is ours, or nobody's beside us."""
        labels = body["metadata"].get("labels") or {}
        if (cluster := labels.get(CLUSTER)) != self.cluster:
            return f"belongs to the Kafka {cluster}" if cluster else f"names no Kafka by the label {CLUSTER}"
        if (installation := _installation(body)) not in {None, self.home}:
            return f"belongs to the installation in namespace {installation}"
        if installation is None and self.namespace != self.home:
            return f"was not made by this operator; the label {INSTALLATION}={self.home} would hand it over"
        return None

    def topic(self, topic: Topic) -> Object:
        """A KafkaTopic. It has no owner: the topic outlives whoever asked for it."""
        spec: dict[str, Any] = {"partitions": topic.partitions, "replicas": topic.replicas}
        spec |= {"topicName": topic.name, "config": dict(topic.config)}
        return self._object(TOPICS, "KafkaTopic", object_name(topic.name), spec)

    def user(self, account: Account, secret: tuple[str, str]) -> Object:
        """A KafkaUser whose password is that of the Secret `secret` (name, key) beside it."""
        reference = {"valueFrom": {"secretKeyRef": {"name": secret[0], "key": secret[1]}}}
        spec = {
            "authentication": {"type": "scram-sha-512", "password": reference},
            "authorization": {"type": "simple", "acls": _acls(account)},
        }
        more = {MANAGED_USER: "true"} if account.managed else {}
        return self._object(USERS, "KafkaUser", account.user, spec, **more)

    def secret(self, namespace: str, name: str, data: Mapping[str, str], purpose: str) -> Object:
        """`data` is in base64 already."""
        metadata = {"name": name, "namespace": namespace, "labels": self.labels(**{PURPOSE: purpose})}
        return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "data": dict(data)}

    def _object(self, resource: Resource, kind: str, name: str, spec: Object, **more: str) -> Object:
        labels = self.labels(**{CLUSTER: self.cluster}, **more)
        metadata = {"name": name, "namespace": self.namespace, "labels": labels}
        return {"apiVersion": resource.api_version, "kind": kind, "metadata": metadata, "spec": spec}


def _installation(body: Object) -> str | None:
    found: str | None = (body["metadata"].get("labels") or {}).get(INSTALLATION)
    return found


def object_name(topic: str) -> str:
    """The topic's own name where an object may have it, else one that is made of it."""
    if _NAME.fullmatch(topic) and len(topic) <= 253:
        return topic
    plain = re.sub(r"[^a-z0-9]+", "-", topic.lower()).strip("-")[:200]
    return f"{plain}-{hashlib.sha256(topic.encode()).hexdigest()[:10]}".lstrip("-")


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def is_as(body: Object, wanted: Object) -> bool:
    """Whether an object has all that is wanted of it. (What a list holds does not say its kind.)"""
    return _contains(body, {key: wanted[key] for key in ("metadata", "spec", "data") if key in wanted})


def _contains(body: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Lists are one value."""
    return all(
        _contains(body.get(key) or {}, value) if isinstance(value, Mapping) else body.get(key) == value
        for key, value in wanted.items()
    )


def _acls(account: Account) -> list[Object]:
    operations: dict[tuple[str, str], list[str]] = {}
    for each in sorted(account.access):
        operations.setdefault((each.kind, each.name), []).append(each.operation)
    return [
        {
            "type": "allow",
            "host": "*",
            "resource": {"type": kind, "name": name, "patternType": "literal"},
            "operations": found,
        }
        for (kind, name), found in operations.items()
    ]
