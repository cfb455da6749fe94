"""OrderTopic objects as they are read from the API server. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mercato_operator.kafka.topics import InvalidTopicError, OrderTopic, order_topic
from mercato_operator.kube.ownership import FINALIZER

Object = Mapping[str, Any]
Key = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """An OrderTopic as it was last seen. `declared` is None where it cannot be used, and `fault` says why.

    `recorded` are the topics that were made for it, `configured` the keys of its configuration that were set.
    """

    body: Object
    declared: OrderTopic | None
    fault: str = ""

    @property
    def namespace(self) -> str:
        return str(self.body["metadata"].get("namespace", ""))

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def key(self) -> Key:
        return self.namespace, self.name

    @property
    def age(self) -> tuple[str, str, str]:
        """Sorts the older first."""
        return str(self.body["metadata"].get("creationTimestamp", "")), self.namespace, self.name

    @property
    def generation(self) -> int:
        return int(self.body["metadata"].get("generation", 0))

    @property
    def deleting(self) -> bool:
        return "deletionTimestamp" in self.body["metadata"]

    @property
    def finalizers(self) -> list[str]:
        return list(self.body["metadata"].get("finalizers") or ())

    @property
    def held(self) -> bool:
        """Whether its deletion waits for us."""
        return FINALIZER in self.finalizers

    @property
    def removes(self) -> bool:
        """Whether its topics go with it."""
        return (self.body.get("spec") or {}).get("deletionPolicy") == "Delete"

    @property
    def status(self) -> Object:
        status: Object = self.body.get("status") or {}
        return status

    @property
    def recorded(self) -> frozenset[str]:
        return frozenset(self.status.get("topics") or ())

    @property
    def configured(self) -> frozenset[str]:
        return frozenset(self.status.get("configured") or ())


def declaration(body: Object) -> Declaration:
    """Any object, also one that an older definition let through."""
    try:
        return Declaration(body, order_topic(body, f"OrderTopic {body['metadata']['name']}"))
    except InvalidTopicError as error:
        return Declaration(body, None, f"{str(error).partition(': ')[2]}; correct it")
