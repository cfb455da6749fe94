"""The status of an OrderTopic, from what became of its topics and users. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from mercato_operator.kafka.backend import Fault, Outcome
from mercato_operator.kafka.progress import Logs
from mercato_operator.kube.conditions import Condition, Status, merged
from mercato_operator.topics.declarations import Declaration
from mercato_operator.topics.plan import Planned

READY: Final = "Ready"


@dataclass(frozen=True, slots=True)
class Found:
    """What a pass found. `known` are the users there are; None where no client signs in."""

    topics: Mapping[str, Outcome]
    users: Mapping[str, Outcome]
    known: frozenset[str] | None
    logs: Logs


def of_planned(each: Declaration, planned: Planned, found: Found, now: datetime) -> dict[str, Any]:
    """Of an object whose topics are its own."""
    faults = [_named(topic.name, found.topics[topic.name].fault) for topic in planned.topics]
    access = _access(planned, found)
    ready = _ready(next((fault for fault in faults if fault), None), access, len(planned.topics))
    main = planned.topics[0]
    partitions = found.topics[main.name].partitions or each.status.get("partitions")
    conditions = [ready, Condition("Conflict", "False", "NoConflict"), access]
    return {
        **_common(each, conditions, now),
        "topic": main.name,
        **({"partitions": partitions} if partitions else {}),
        **_progress(each, main.name, planned, found.logs),
        **remembered(each, planned, settled=found.topics[main.name].fault is None),
    }


def remembered(each: Declaration, planned: Planned, *, settled: bool) -> dict[str, Any]:
    """The topics made for it, and the keys of its configuration that are set; `settled`: what left it is reset."""
    topics = sorted(each.recorded | {topic.name for topic in planned.topics})
    declared = frozenset(each.declared.spec.config if each.declared else ())
    configured = sorted(declared if settled else declared | each.configured)
    return {"topics": topics, **({"configured": configured} if configured else {})}


def of_conflict(each: Declaration, message: str, now: datetime) -> dict[str, Any]:
    """Of an object that does nothing because an older one has its topic."""
    conditions = [Condition(READY, "False", "Conflict", message), Condition("Conflict", "True", "TopicTaken", message)]
    return _common(each, conditions, now) | _kept(each)


def of_invalid(each: Declaration, now: datetime) -> dict[str, Any]:
    """Of an object that cannot be used: what it made stays as it is."""
    conditions = [Condition(READY, "False", "Invalid", each.fault), Condition("Conflict", "False", "NoConflict")]
    return _common(each, conditions, now) | _kept(each)


def of_deleted(each: Declaration, fault: Fault, now: datetime) -> dict[str, Any]:
    """Of an object whose topics could not be removed yet."""
    message = f"the topics are to be removed: {fault.message}"
    return _common(each, [Condition(READY, "False", "Deleting", message)], now) | _kept(each)


def _common(each: Declaration, conditions: list[Condition], now: datetime) -> dict[str, Any]:
    written = merged(each.status.get("conditions") or (), conditions, each.generation, now)
    return {"observedGeneration": each.generation, "conditions": written}


def _kept(each: Declaration) -> dict[str, Any]:
    """What must not be forgotten, whatever the object is now."""
    return {key: each.status[key] for key in ("topic", "topics", "configured") if each.status.get(key)}


def _named(name: str, fault: Fault | None) -> Fault | None:
    if fault is None or name in fault.message:
        return fault
    return Fault(fault.reason, f"{name} {fault.message}", fault.unknown)


def _ready(fault: Fault | None, access: Condition, topics: int) -> Condition:
    if fault is not None:
        return Condition(READY, "Unknown" if fault.unknown else "False", fault.reason, fault.message)
    if access.status != "True" and access.reason != "UnknownUsers":
        return Condition(READY, access.status, access.reason, access.message)
    return Condition(
        READY, "True", "AsDeclared", f"{topics} topics are as declared" if topics > 1 else "the topic is as declared"
    )


def _access(planned: Planned, found: Found) -> Condition:
    if found.known is None:
        return Condition("AccessGranted", "True", "NotManaged", "users and rights of this Kafka are not seen to here")
    for user in sorted(planned.users & found.users.keys()):
        if fault := found.users[user].fault:
            status: Status = "Unknown" if fault.unknown else "False"
            return Condition("AccessGranted", status, fault.reason, f"user {user}: {fault.message}")
    if unknown := sorted(planned.users - found.known):
        text = f"there is no user {', '.join(unknown)} yet: add a CommerceService of that name, or correct the name"
        return Condition("AccessGranted", "False", "UnknownUsers", text)
    return Condition("AccessGranted", "True", "Granted")


def _progress(each: Declaration, topic: str, planned: Planned, logs: Logs) -> dict[str, Any]:
    before = {one["group"]: one for one in each.status.get("groups") or ()}
    groups = []
    for group in planned.groups:
        lag = logs.lag(group, {topic, f"{topic}.{group}.retry"})
        letters = logs.dead_letters(topic, group)
        known = {"lag": lag, "deadLetters": letters}
        old = before.get(group, {})
        values = {key: old.get(key) if value is None else value for key, value in known.items()}
        groups.append({"group": group, **{key: value for key, value in values.items() if value is not None}})
    totals = {key: [one[key] for one in groups if key in one] for key in ("lag", "deadLetters")}
    return {
        **({"groups": groups} if groups else {}),
        **{key: sum(values) for key, values in totals.items() if values},
    }
