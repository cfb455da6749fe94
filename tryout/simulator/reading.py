"""The GET calls. All but the search read the ledger as it is."""

from collections.abc import Collection
from typing import Any

from starlette.requests import Request

from tryout.simulator import objects, parameters, requests
from tryout.simulator.errors import Missing
from tryout.simulator.ledger import Ledger
from tryout.simulator.objects import Snapshot
from tryout.simulator.settings import SimulatorSettings


class Reading:
    """Raises ApiError."""

    def __init__(self, settings: SimulatorSettings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger

    async def intent(self, request: Request) -> dict[str, Any]:
        expand = parameters.expandable(requests.read_expand(request), parameters.INTENT_PARTS)
        identity = request.path_params["id"]
        row = await self._ledger.intent(identity)
        if row is None:
            raise Missing("payment_intent", identity, "intent")
        return objects.intent(row, expand)

    async def intents(self, request: Request) -> dict[str, Any]:
        page = requests.read_page(request, parameters.INTENTS)
        expand = parameters.expandable(page.expand, parameters.INTENT_PARTS)
        rows, more = await self._ledger.intents(page)
        return objects.page([objects.intent(row, expand) for row in rows], "/v1/payment_intents", more=more)

    async def search(self, request: Request) -> dict[str, Any]:
        """What the index holds, which is behind: never to be read after a write.

        Source: https://docs.stripe.com/search#data-freshness
        """
        page = requests.read_page(request, parameters.SEARCH)
        expand = parameters.expandable(page.expand, parameters.INTENT_PARTS)
        order_id = requests.searched_order(request)
        found = await self._ledger.searched(order_id, self._settings.search_lag_seconds)
        rows = [_as_it_was(row, entries, refunded) for row, entries, refunded in found]
        return objects.search_page([objects.intent(row, expand) for row in rows], "/v1/payment_intents/search")

    async def refund(self, request: Request) -> dict[str, Any]:
        expand = parameters.expandable(requests.read_expand(request), parameters.REFUND_PARTS)
        identity = request.path_params["id"]
        row = await self._ledger.one_refund(identity)
        if row is None:
            raise Missing("refund", identity)
        return objects.refund(row, await self._of(row, expand), expand)

    async def refunds(self, request: Request) -> dict[str, Any]:
        page = requests.read_page(request, parameters.REFUNDS)
        expand = parameters.expandable(page.expand, parameters.REFUND_PARTS)
        charge = request.query_params.get("charge")
        intent = "pi_" + charge.removeprefix("ch_") if charge else request.query_params.get("payment_intent")
        rows, more = await self._ledger.refunds(intent, page)
        items = [objects.refund(row, await self._of(row, expand), expand) for row in rows]
        return objects.page(items, "/v1/refunds", more=more)

    async def _of(self, row: Snapshot, expand: Collection[str]) -> Snapshot | None:
        return await self._ledger.intent(row["payment_intent_id"]) if expand else None


def _as_it_was(row: Snapshot, entries: Collection[str], refunded: int) -> Snapshot:
    """The intent when its money had moved by these entries alone."""
    if "capture" in entries:
        return {**row, "amount_refunded": refunded}
    before = {**row, "amount_received": 0, "amount_refunded": 0, "amount_capturable": 0}
    if "void" in entries:
        return before
    uncancelled = {"canceled_at": None, "cancellation_reason": None}
    if "authorize" in entries:
        if row["status"] == "processing" or row["payment_method"] == "pm_card_simulate_timeout":
            return {**before, **uncancelled, "status": "processing"}
        return {**before, **uncancelled, "status": "requires_capture", "amount_capturable": row["amount"]}
    if row["status"] in ("processing", "requires_capture", "succeeded"):
        return {**before, "status": "requires_confirmation"}
    return row
