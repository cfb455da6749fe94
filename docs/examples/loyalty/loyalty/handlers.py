"""Order events in, points out: one transaction for a whole batch."""

from uuid import UUID

from loyalty import repository
from loyalty.messages import order_of
from loyalty.points import points
from loyalty.repository import Earned
from loyalty.settings import LoyaltySettings
from services.chassis.messaging.messages import Message
from services.chassis.messaging.unit import Unit


class Handlers:
    """Handles batches of `order.events`."""

    def __init__(self, settings: LoyaltySettings) -> None:
        self._settings = settings

    def on_events(self, unit: Unit, messages: list[Message]) -> None:
        """Raises InvalidMessage for an event that is none."""
        newest: dict[UUID, Earned] = {}
        for order in map(order_of, messages):
            known = newest.get(order.id)
            if known is None or known.version < order.version:
                worth = points(order, self._settings.minor_units_per_point)
                newest[order.id] = Earned(order.id, order.customer_id, order.version, worth)
        repository.save(unit, list(newest.values()))
