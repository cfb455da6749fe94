"""What the provider has told this process lately, so that its webhooks, which tell the same, cost nothing."""

from collections import OrderedDict
from uuid import UUID

from services.payment.answers import Answer, Known

ORDERS = 4096
"""Remembered at most; a webhook comes within seconds of the answer."""


class Heard:
    """Kinds of answers by order. What is forgotten is only looked up once more."""

    def __init__(self) -> None:
        self._kinds: OrderedDict[UUID, set[type[Answer]]] = OrderedDict()

    def add(self, order_id: UUID, answer: Answer) -> None:
        if not isinstance(answer, Known):
            return
        self._kinds.setdefault(order_id, set()).add(type(answer))
        if len(self._kinds) > ORDERS:
            self._kinds.popitem(last=False)

    def __contains__(self, told: tuple[UUID, Answer | None]) -> bool:
        """Whether an answer of this kind came to a call for the order."""
        order_id, answer = told
        return type(answer) in self._kinds.get(order_id, ())
