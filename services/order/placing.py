"""New orders: several in one unit of work, each under its caller's key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.chassis.http.idempotency import FirstAnswer, Key, claim_all
from services.chassis.http.problems import InvalidFields, NotFound, Problem
from services.chassis.messaging.unit import Unit
from services.order import repository
from services.order.messages import messages_of
from services.order.repository import Memory, Stored
from services.order.saga import Order, Step

ACCEPTED = 202


@dataclass(frozen=True, slots=True)
class Placement:
    """A new order's first step, and the key and location its caller knows it by."""

    step: Step
    key: Key
    location: str
    trace: str | None

    @property
    def name(self) -> tuple[str, str, str]:
        """What makes two of them repeats of one request."""
        return self.key.caller, self.key.path, self.key.key


@dataclass(frozen=True, slots=True)
class Placed:
    """`first` is the answer given before under the same key, if there was one."""

    order: Order
    first: FirstAnswer | None


def place_all(unit: Unit, placements: Sequence[Placement], memory: Memory) -> Sequence[Placed | Problem]:
    """Stores the orders and starts their sagas, except where a key was used before. No two have the same key."""
    firsts = claim_all(unit, [(one.key, ACCEPTED, one.location) for one in placements])
    fresh = [one for one, first in zip(placements, firsts, strict=True) if first is None]
    repository.insert(unit, [one.step for one in fresh], memory)
    for one in fresh:
        unit.publish(*messages_of(one.step.order, one.step, one.trace))
    repeated = {_order_id(first) for first in firsts if isinstance(first, FirstAnswer)}
    known = repository.read(unit, repeated) if repeated else {}
    return [_answer(one, first, known) for one, first in zip(placements, firsts, strict=True)]


def _answer(
    one: Placement, first: FirstAnswer | InvalidFields | None, known: Mapping[UUID, Stored]
) -> Placed | Problem:
    if first is None:
        return Placed(one.step.order, None)
    if isinstance(first, InvalidFields):
        return first
    found = known.get(_order_id(first))
    return NotFound("The order first placed under this key is gone.") if found is None else Placed(found.order, first)


def _order_id(first: FirstAnswer) -> UUID:
    return UUID(first.location.rpartition("/")[2])
