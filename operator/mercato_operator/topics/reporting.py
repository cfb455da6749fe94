"""Tells people what a pass has changed: Events on objects, log lines with the object's name, and metrics."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from mercato_operator import metrics
from mercato_operator.kafka.backend import Fault
from mercato_operator.kube.conditions import find
from mercato_operator.topics.declarations import Declaration, Key
from mercato_operator.topics.plan import Plan
from mercato_operator.topics.status import READY, Found
from services.chassis.kube.events import News, Type

log = logging.getLogger(__name__)

Status = Mapping[str, Any]
KIND = "OrderTopic"


class Reporter:
    """`tell` is given each Event; it must not wait."""

    def __init__(self, tell: Callable[[News], None]) -> None:
        self._tell = tell
        self._rights: Mapping[str, object] = {}
        self._faults: Mapping[str, Fault | None] = {}

    def tell(
        self,
        objects: Sequence[Declaration],
        statuses: Mapping[Key, Status | None],
        wanted: Plan,
        found: Found,
        recorded: Mapping[Key, Collection[str]],
    ) -> None:
        """What is new since the last pass. `recorded`: the topics that each object had before this one."""
        for each in objects:
            now = statuses.get(each.key)
            if now is None:
                continue
            ready = find(now, READY)
            metrics.RECONCILES.labels(KIND, "ready" if ready["status"] == "True" else "unready").inc()
            if planned := wanted.planned.get(each.key):
                settled, had = _was_ready(each), recorded.get(each.key, ())
                for topic in planned.topics:
                    self._changed(each, topic.name, found.topics[topic.name].done, drift=settled and topic.name in had)
            before = find(each.status, READY)
            if (before.get("status"), before.get("reason")) != (ready["status"], ready["reason"]):
                self._news(
                    each, "Normal" if ready["status"] == "True" else "Warning", ready["reason"], ready["message"]
                )
        self._users(wanted, found)

    def _changed(self, each: Declaration, topic: str, lines: Sequence[str], *, drift: bool) -> None:
        for line in lines:
            text = f"{topic} {line}"
            if drift:
                metrics.DRIFT.labels("topic").inc()
                self._news(each, "Warning", "PutBack", f"{text}: somebody else had changed or removed it")
            else:
                self._news(each, "Normal", "Changed", text)

    def _users(self, wanted: Plan, found: Found) -> None:
        for user, outcome in found.users.items():
            if outcome.done:
                log.info("user %s: %s", user, "; ".join(outcome.done))
                if user in wanted.access and self._rights.get(user) == wanted.access[user]:
                    metrics.DRIFT.labels("user").inc()
            if outcome.fault and outcome.fault != self._faults.get(user):
                log.warning("user %s: %s: %s", user, outcome.fault.reason, outcome.fault.message)
        self._faults = {user: one.fault for user, one in found.users.items()}
        self._rights = {user: wanted.access.get(user) for user, one in found.users.items() if one.fault is None}

    def _news(self, each: Declaration, type_: Type, reason: str, message: str) -> None:
        level = logging.INFO if type_ == "Normal" else logging.WARNING
        extra = {"kind": KIND, "namespace": each.namespace, "object": each.name}
        log.log(level, "OrderTopic %s/%s: %s: %s", each.namespace, each.name, reason, message, extra=extra)
        self._tell(News(each.body, type_, reason, message))


def _was_ready(each: Declaration) -> bool:
    """Before this pass, as the object is now."""
    ready = find(each.status, READY)
    return ready.get("status") == "True" and ready.get("observedGeneration") == each.generation
