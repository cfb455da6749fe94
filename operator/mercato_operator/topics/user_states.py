"""What services are told of their Kafka users. Pure."""

from collections.abc import Iterable

from mercato_operator.kafka.backend import Fault
from mercato_operator.topics.plan import Plan
from mercato_operator.topics.status import Found
from mercato_operator.topics.uses import Use, UserState


def user_states(uses: Iterable[Use], wanted: Plan, found: Found) -> dict[str, UserState]:
    """By user: ready once it exists with all its rights, and each topic that it names is there."""
    return {use.user: _state(use, wanted, found) for use in uses}


def _state(use: Use, wanted: Plan, found: Found) -> UserState:
    if topics := wanted.unknown.get(use.user):
        text = f"no OrderTopic declares {', '.join(sorted(topics))}: create it, or correct the name"
        return UserState(use, False, "UnknownTopic", text)
    if outcome := found.users.get(use.user):
        if outcome.fault:
            return UserState(use, False, outcome.fault.reason, outcome.fault.message)
    elif found.known is not None:
        return UserState(use, False, "Pending", "the user is about to be made")
    for name, fault in _missing(use, wanted, found):
        return UserState(use, False, fault.reason, f"topic {name}: {fault.message}")
    return UserState(use, True, "Granted", "")


def _missing(use: Use, wanted: Plan, found: Found) -> Iterable[tuple[str, Fault]]:
    """Faults of topics that are not there; one that is there and differs from what is declared can be used."""
    own = {f"{name}.{use.user}.{kind}" for name in use.consumes for kind in ("retry", "dead-letter")}
    for topic in wanted.topics:
        outcome = found.topics[topic.name]
        if topic.name in use.consumes | use.produces | own and outcome.fault and outcome.partitions is None:
            yield topic.name, outcome.fault
