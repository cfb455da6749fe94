"""Captures, cancels and refunds: one statement most times; only when it finds nothing to change is it asked why."""

from collections.abc import Awaitable, Callable
from typing import Any

from tryout.simulator import amounts, objects
from tryout.simulator.commands import CONFIRMABLE, event_values, identity, key_values
from tryout.simulator.errors import ApiError, InvalidRequest, Missing, WrongState
from tryout.simulator.keys import Keys, Outcome
from tryout.simulator.ledger import Ledger
from tryout.simulator.lies import Lie, token
from tryout.simulator.objects import Snapshot
from tryout.simulator.requests import Command
from tryout.simulator.settings import SimulatorSettings
from tryout.simulator.teller import Teller

_CANCELLABLE = ["requires_capture", "processing", *CONFIRMABLE]
_CANCELLATION_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
_REFUND_REASONS = ("duplicate", "fraudulent", "requested_by_customer")
_DONE = {"capture": "captured", "cancel": "canceled", "refund": "refunded"}

Change = Callable[[dict[str, Any]], Awaitable[Snapshot | None]]


class Changes:
    """Raises ApiError for what is refused before the ledger, and Hang and Lost for what is not answered."""

    def __init__(self, settings: SimulatorSettings, ledger: Ledger, keys: Keys, teller: Teller) -> None:
        self._settings = settings
        self._ledger = ledger
        self._keys = keys
        self._teller = teller

    async def capture(self, intent_id: str, command: Command) -> Outcome:
        values = {"id": intent_id, "states": ["requires_capture"], "amount": command.number("amount_to_capture")}
        event = event_values(self._settings, "payment_intent.succeeded")
        return await self._change("capture", self._ledger.capture, {**values, **event}, command)

    async def cancel(self, intent_id: str, command: Command) -> Outcome:
        reason = command.one_of("cancellation_reason", _CANCELLATION_REASONS)
        values = {"id": intent_id, "states": _CANCELLABLE, "reason": reason}
        event = event_values(self._settings, "payment_intent.canceled")
        return await self._change("cancel", self._ledger.cancel, {**values, **event}, command)

    async def refund(self, command: Command) -> Outcome:
        """Gives back `amount`, by default all that is left, of a PaymentIntent or of its charge."""
        charge = command.form.get("charge")
        values = {
            "id": "pi_" + charge.removeprefix("ch_") if charge else command.required("payment_intent"),
            "states": ["succeeded"],
            "amount": command.number("amount"),
            "refund_id": identity("re"),
            "metadata": command.metadata,
            "reason": command.one_of("reason", _REFUND_REASONS),
        }
        event = event_values(self._settings, "charge.refunded")
        return await self._change("refund", self._ledger.refund, {**values, **event}, command)

    async def _change(self, call: str, change: Change, asked: dict[str, Any], command: Command) -> Outcome:
        late = token(Lie.LATE, call)
        values = {**asked, **key_values(command)}
        with self._keys.alone(command):
            row = await change({**values, "late": late})
            if row is not None:
                about = row["order_id"] or asked["id"]
                lie = await self._teller.lie(row["payment_method"], about, (call,))
                return await self._teller.tell(lie, command, await self._outcome(row, asked, command))
            if done := await self._keys.replayed(command):
                return done
            now = await self._ledger.intent(asked["id"])
            if now is None or now["payment_method"] != late:
                return await self._keys.refused(command, _why_not(call, asked, now))

        async def work() -> Outcome:
            row = await change({**values, "late": None})
            if row is not None:
                return await self._outcome(row, asked, command)
            why_not = _why_not(call, asked, await self._ledger.intent(asked["id"]))
            return await self._keys.replayed(command) or await self._keys.refused(command, why_not)

        if await self._teller.lie(late, now["order_id"] or asked["id"], (call,)):
            self._teller.later(command, work)
        with self._keys.alone(command):
            return await work()

    async def _outcome(self, row: Snapshot, asked: dict[str, Any], command: Command) -> Outcome:
        if "payment_intent_id" not in row:
            return Outcome(200, objects.intent(row, command.expand))
        of = await self._ledger.intent(asked["id"]) if command.expand else None
        return Outcome(200, objects.refund(row, of, command.expand))


def _why_not(call: str, asked: dict[str, Any], now: Snapshot | None) -> ApiError:
    """Raises InvalidRequest for an amount that its currency does not have."""
    if now is None:
        in_path = call != "refund"
        return Missing(
            "payment_intent", asked["id"], "intent" if in_path else "payment_intent", 404 if in_path else 400
        )
    if now["status"] in asked["states"]:
        amounts.check(asked.get("amount"), now["currency"])
    if call == "refund" and now["status"] == "succeeded":
        if now["amount_refunded"] == now["amount_received"]:
            return InvalidRequest("The charge has already been refunded.", code="charge_already_refunded")
        return InvalidRequest("Refund amount is greater than unrefunded amount on charge.", param="amount")
    if call == "capture" and now["status"] == "requires_capture":
        return InvalidRequest("amount_to_capture is greater than the authorized amount.", code="amount_too_large")
    return WrongState(_DONE[call], objects.intent(now))
