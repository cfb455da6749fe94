"""What the POST calls do: parse → one statement of the ledger → the object, or the first result again."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from services.chassis.ids import new_id
from tryout.simulator import objects
from tryout.simulator.cards import BEHAVIOURS, FLAKY_FAILURES, Behaviour
from tryout.simulator.errors import ApiError, InvalidRequest, KeyInUse, KeyReused, Missing, WrongState, card_error
from tryout.simulator.ledger import Ledger
from tryout.simulator.objects import Snapshot
from tryout.simulator.requests import Command
from tryout.simulator.settings import SimulatorSettings

_SERVER_ERROR = ApiError(500, "api_error", "The simulator was asked to fail.").body
_EVENTS = {
    "requires_capture": "payment_intent.amount_capturable_updated",
    "requires_payment_method": "payment_intent.payment_failed",
    "requires_action": "payment_intent.requires_action",
}


class Hang(Exception):
    """Booked, and never answered."""


class Commands:
    """Raises ApiError for every answer but 200, and Hang."""

    def __init__(self, settings: SimulatorSettings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._under_way: set[str] = set()

    async def authorize(self, command: Command) -> dict[str, Any]:
        """Create and confirm a PaymentIntent with manual capture."""
        form = command.form
        if form.get("confirm") != "true" or form.get("capture_method") != "manual":
            raise InvalidRequest("The simulator takes confirm=true with capture_method=manual only.")
        amount = command.number("amount")
        currency = command.required("currency").lower()
        behaviour = BEHAVIOURS.get(command.required("payment_method"))
        if amount is None:
            raise InvalidRequest("Missing required param: amount.", code="parameter_missing", param="amount")
        if behaviour is None:
            raise InvalidRequest("No such PaymentMethod.", code="resource_missing", param="payment_method")
        if not (currency.isascii() and currency.isalpha() and len(currency) == 3):
            raise InvalidRequest("Invalid currency.", param="currency")
        return await self._once(command, lambda: self._authorize(command, amount, currency, behaviour))

    async def _authorize(self, command: Command, amount: int, currency: str, behaviour: Behaviour) -> dict[str, Any]:
        order_id = command.metadata.get("order_id")
        kept = {"key": command.key, "fingerprint": command.fingerprint, "order_id": order_id}
        if behaviour is Behaviour.FLAKY:
            failing = {**kept, "failures": FLAKY_FAILURES, "snapshot": _SERVER_ERROR}
            if await self._ledger.fail_early(failing):
                raise ApiError(500, "api_error", "The simulator was asked to fail.")
        status, decline_code = behaviour.status, behaviour.decline_code
        if status == "requires_action" and command.form.get("error_on_requires_action") == "true":
            status, decline_code = "requires_payment_method", "authentication_required"
        row: Snapshot = {
            "id": _identity("pi"),
            "order_id": order_id,
            "amount": amount,
            "currency": currency,
            "status": status,
            "amount_capturable": amount if status == "requires_capture" else 0,
            "amount_received": 0,
            "amount_refunded": 0,
            "last_error": None,
            "metadata": command.metadata,
            "created_at": datetime.now(UTC).isoformat(),
        }
        refusal = _refusal(row, decline_code)
        hangs = behaviour is Behaviour.HANGS
        result = {"status": None if hangs else 200, "kind": "payment_intent", "snapshot": row}
        if refusal:
            result = {"status": refusal.status, "kind": "error", "snapshot": refusal.body}
        values = {**row, **kept, **result, **self._event(_EVENTS.get(status)), "state": status}
        values["held"] = row["amount_capturable"]
        if not await self._ledger.open(values):
            return await self._replay(command)
        if hangs:
            raise Hang
        if refusal:
            raise refusal
        return objects.intent(row)

    async def capture(self, identity: str, command: Command) -> dict[str, Any]:
        values = self._values(identity, command, ["requires_capture"], "payment_intent.succeeded")
        values["amount"] = command.number("amount_to_capture")
        return await self._once(command, lambda: self._change(self._ledger.capture, values, command, "captured"))

    async def cancel(self, identity: str, command: Command) -> dict[str, Any]:
        states = ["requires_capture", "processing", "requires_payment_method", "requires_action"]
        values = self._values(identity, command, states, "payment_intent.canceled")
        return await self._once(command, lambda: self._change(self._ledger.cancel, values, command, "canceled"))

    async def refund(self, command: Command) -> dict[str, Any]:
        """Gives back `amount`, by default all that is left."""
        identity = command.required("payment_intent")
        values = self._values(identity, command, ["succeeded"], "charge.refunded")
        values |= {"amount": command.number("amount"), "refund_id": _identity("re"), "metadata": command.metadata}
        values["reason"] = command.form.get("reason")
        return await self._once(command, lambda: self._change(self._ledger.refund, values, command, "refunded"))

    async def _change(
        self,
        change: Callable[[dict[str, Any]], Awaitable[Snapshot | None]],
        values: dict[str, Any],
        command: Command,
        action: str,
    ) -> dict[str, Any]:
        row = await change(values)
        if row is not None:
            return objects.refund(row) if "payment_intent_id" in row else objects.intent(row)
        if await self._ledger.first_result(command.key):
            return await self._replay(command)
        refusal = await self._why_not(values["id"], action)
        await self._ledger.keep_error(command.key, command.fingerprint, refusal.status, refusal.body)
        raise refusal

    async def _why_not(self, identity: str, action: str) -> ApiError:
        row = await self._ledger.intent(identity)
        if row is None:
            return Missing("payment_intent", identity)
        if action == "refunded" and row["status"] == "succeeded":
            if row["amount_refunded"] == row["amount_received"]:
                return InvalidRequest("The charge has already been refunded.", code="charge_already_refunded")
            return InvalidRequest("Refund amount is greater than unrefunded amount on charge.", param="amount")
        if action == "captured" and row["status"] == "requires_capture":
            return InvalidRequest("amount_to_capture is greater than the authorized amount.", code="amount_too_large")
        return WrongState(action, objects.intent(row))

    async def _once(self, command: Command, work: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """A key whose first call is at work in this process is in use."""
        if command.key in self._under_way:
            raise KeyInUse
        self._under_way.add(command.key)
        try:
            return await work()
        finally:
            self._under_way.discard(command.key)

    async def _replay(self, command: Command) -> dict[str, Any]:
        """The key's first result. Raises KeyReused, KeyInUse, and the first result's error."""
        first = await self._ledger.first_result(command.key)
        if first is None:
            raise KeyInUse  # its first call is about to commit
        if first.fingerprint != command.fingerprint:
            raise KeyReused
        if first.status is None or first.snapshot is None:
            raise KeyInUse
        if first.kind == "error":
            error = first.snapshot["error"]
            raise ApiError(first.status, error["type"], error["message"], **_rest(error))
        return objects.refund(first.snapshot) if first.kind == "refund" else objects.intent(first.snapshot)

    def _values(self, identity: str, command: Command, states: list[str], event: str) -> dict[str, Any]:
        kept = {"id": identity, "key": command.key, "fingerprint": command.fingerprint, "states": states}
        return {**kept, **self._event(event)}

    def _event(self, kind: str | None) -> dict[str, str | None]:
        wanted = self._settings.webhooks and self._settings.webhook_url
        return {"event": kind if wanted else None, "event_id": _identity("evt")}


def _refusal(row: Snapshot, decline_code: str | None) -> ApiError | None:
    """The 402 of a declined authorization, which the row remembers as its last error."""
    if not decline_code:
        return None
    code = "authentication_required" if decline_code == "authentication_required" else "card_declined"
    row["last_error"] = {"type": "card_error", "code": code, "decline_code": decline_code}
    return card_error(code, decline_code, objects.intent(row))


def _rest(error: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in error.items() if name not in ("type", "message")}


def _identity(prefix: str) -> str:
    # By time, so that indexes stay dense and the newest sorts last.
    return f"{prefix}_{new_id().hex}"
