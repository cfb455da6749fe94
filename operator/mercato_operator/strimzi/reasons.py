"""What Strimzi says of an object, in words a person can act on. Pure."""

from collections.abc import Iterable
from typing import Any, Final

from mercato_operator.kafka.backend import REFUSED, Fault
from services.chassis.kube.client import Object

WAITING: Final = "WaitingForStrimzi"
_TOPICS: Final = {
    "ResourceConflict": ("TopicTaken", "another KafkaTopic manages this topic ({}): delete one of the two"),
    "NotSupported": ("NotSupported", "Strimzi cannot make this change ({}): declare what the topic has"),
    "KafkaError": (REFUSED, "Kafka refused it: {}"),
    "InternalError": ("StrimziFailed", "Strimzi failed ({}): see the log of its Topic Operator"),
}
_USERS: Final = ("StrimziRefused", "Strimzi's User Operator says {}: {}")


def topic_fault(body: Object) -> Fault | None:
    """Of a KafkaTopic; None when it is as declared."""
    if _is(body, "ReconciliationPaused"):
        return Fault("Paused", "its KafkaTopic is paused: remove the annotation strimzi.io/pause-reconciliation")
    if _is(body, "Unmanaged"):
        return Fault("Unmanaged", "its KafkaTopic is not managed: remove the annotation strimzi.io/managed")
    ready = _ready(body)
    if ready is None:
        return Fault(WAITING, "Strimzi has not seen to it yet: is its Topic Operator running?", unknown=True)
    if _good(ready):
        return None
    said = str(ready.get("message") or "it gives no message")
    reason, text = _TOPICS.get(
        str(ready.get("reason")), ("StrimziFailed", "Strimzi says " + str(ready.get("reason")) + ": {}")
    )
    return Fault(reason, text.format(said))


def user_fault(body: Object) -> Fault | None:
    """Of a KafkaUser; None when it can sign in with all its rights."""
    if _is(body, "ReconciliationPaused"):
        return Fault("Paused", "its KafkaUser is paused: remove the annotation strimzi.io/pause-reconciliation")
    ready = _ready(body)
    if ready is None:
        return Fault(WAITING, "Strimzi has not seen to it yet: is its User Operator running?", unknown=True)
    if _good(ready):
        return None
    said = str(ready.get("message") or "it gives no message")
    return Fault(_USERS[0], _USERS[1].format(ready.get("reason"), said))


def _ready(body: Object) -> Object | None:
    """None while Strimzi has not looked at the object as it is now."""
    status: dict[str, Any] = body.get("status") or {}
    if status.get("observedGeneration") != body["metadata"].get("generation"):
        return None
    found: Iterable[Object] = status.get("conditions") or ()
    return next((one for one in found if one.get("type") in {"Ready", "NotReady"}), None)


def _good(ready: Object) -> bool:
    """The User Operator says `NotReady: True` where the Topic Operator says `Ready: False`."""
    return ready.get("type") == "Ready" and ready.get("status") == "True"


def _is(body: Object, type_: str) -> bool:
    conditions = (body.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == type_ and one.get("status") == "True" for one in conditions)
