"""Creates and confirms: parse → one statement of the ledger → the object, or the first result again."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from services.chassis.runtime.ids import new_id
from tryout.simulator import amounts, objects
from tryout.simulator.cards import BEHAVIOURS, FLAKY_FAILURES, Behaviour
from tryout.simulator.errors import ApiError, InvalidRequest, Missing, ServerError, WrongState, card_error
from tryout.simulator.keys import Keys, Outcome
from tryout.simulator.ledger import Ledger
from tryout.simulator.lies import Hang, Lie
from tryout.simulator.objects import Snapshot
from tryout.simulator.requests import Command
from tryout.simulator.settings import SimulatorSettings
from tryout.simulator.teller import Teller, Work

# An endpoint is subscribed to what tells of money and of what a customer must do: creating is neither.
_EVENTS = {
    "requires_capture": "payment_intent.amount_capturable_updated",
    "requires_payment_method": "payment_intent.payment_failed",
    "requires_action": "payment_intent.requires_action",
}
# Created intents that are remembered for their confirmation, which follows within moments; older ones are read.
_REMEMBERED = 1000
CONFIRMABLE = ("requires_confirmation", "requires_payment_method", "requires_action")

Book = Callable[[dict[str, Any]], Awaitable[bool]]


class Commands:
    """Raises ApiError for what is refused before the ledger, and Hang and Lost for what is not answered."""

    def __init__(self, settings: SimulatorSettings, ledger: Ledger, keys: Keys, teller: Teller) -> None:
        self._settings = settings
        self._ledger = ledger
        self._keys = keys
        self._teller = teller
        # As created. A confirmation books only what is still in this state, which none ever comes back to.
        self._created: OrderedDict[str, Snapshot] = OrderedDict()

    async def create(self, command: Command) -> Outcome:
        """A PaymentIntent with manual capture, confirmed at once with `confirm=true`."""
        row = _new_intent(command)
        method: str | None = row["payment_method"]
        confirm = command.flag("confirm")
        if confirm:
            command.required("payment_method")

        async def work() -> Outcome:
            if confirm and method:
                return await self._confirmed(self._ledger.open, row, command, BEHAVIOURS[method])
            outcome = await self._booked(self._ledger.open, row, command)
            if method and outcome.original is None:
                self._remember(row)
            return outcome

        about = row["order_id"] or command.key
        return await self._told(command, method, about, ("create", "confirm") if confirm else ("create",), work)

    async def confirm(self, identity: str, command: Command) -> Outcome:
        row = self._created.pop(identity, None) or await self._ledger.intent(identity)
        if row is None:
            raise Missing("payment_intent", identity, "intent")
        given = command.form.get("payment_method")
        method = row["payment_method"] if given in (None, objects.method_id(row)) else _method(given)

        async def work() -> Outcome:
            if row["status"] in CONFIRMABLE and method:
                asked = {**row, "payment_method": method}
                return await self._confirmed(self._ledger.confirm, asked, command, BEHAVIOURS[method])
            refusal = WrongState("confirmed", objects.intent(row))
            return await self._keys.replayed(command) or await self._keys.refused(command, refusal)

        return await self._told(command, method, row["order_id"] or identity, ("confirm",), work)

    def _remember(self, row: Snapshot) -> None:
        self._created[row["id"]] = row
        if len(self._created) > _REMEMBERED:
            self._created.popitem(last=False)

    async def _told(
        self, command: Command, method: str | None, about: str, calls: tuple[str, ...], work: Work
    ) -> Outcome:
        lie = await self._teller.lie(method, about, calls)
        if lie is Lie.LATE:
            self._teller.later(command, work)
        with self._keys.alone(command):
            outcome = await work()
        return await self._teller.tell(lie, command, outcome)

    async def _confirmed(self, book: Book, row: Snapshot, command: Command, behaviour: Behaviour) -> Outcome:
        if behaviour is Behaviour.FLAKY and await self._fails_early(row, command):
            return Outcome(500, ServerError().body)
        status, decline_code = behaviour.status, behaviour.decline_code
        if status == "requires_action" and command.flag("error_on_requires_action"):
            status, decline_code = "requires_payment_method", "authentication_required"
        after: Snapshot = {**row, "status": status, "last_error": None}
        if status == "requires_capture":
            after["amount_capturable"] = row["amount"]
        refusal = _refusal(after, decline_code)
        outcome = await self._booked(book, after, command, was=row["status"], refusal=refusal)
        if status == "processing" and outcome.status == 200:
            raise Hang
        return outcome

    async def _booked(
        self, book: Book, row: Snapshot, command: Command, was: str | None = None, refusal: ApiError | None = None
    ) -> Outcome:
        """Writes the intent and the key's first result, which a hanging call never gets. `was`: before a confirm."""
        hangs = row["status"] == "processing"
        result: dict[str, Any] = {"result": None if hangs else 200, "kind": "payment_intent", "snapshot": row}
        if refusal:
            result = {"result": refusal.status, "kind": "error", "snapshot": refusal.body}
        told = event_values(self._settings, _EVENTS.get(row["status"]) if was else None)
        values = {**row, **key_values(command), **result, **told, "state": row["status"], "was": was}
        if not await book({**values, "held": row["amount_capturable"]}):
            now = await self._ledger.intent(row["id"]) or row
            changed = WrongState("confirmed", objects.intent(now))
            return await self._keys.replayed(command) or await self._keys.refused(command, changed)
        if refusal:
            return Outcome(refusal.status, refusal.body)
        return Outcome(200, objects.intent(row, command.expand))

    async def _fails_early(self, row: Snapshot, command: Command) -> bool:
        kept = {"order_id": row["order_id"], "failures": FLAKY_FAILURES, "snapshot": ServerError().body}
        return await self._ledger.fail_early({**key_values(command), **kept})


def key_values(command: Command) -> dict[str, Any]:
    return {"key": command.key, "fingerprint": command.fingerprint, "request_id": command.request_id}


def event_values(settings: SimulatorSettings, kind: str | None) -> dict[str, str | None]:
    wanted = settings.webhooks and settings.webhook_url
    return {"event": kind if wanted else None, "event_id": identity("evt")}


def identity(prefix: str) -> str:
    # By time, so that indexes stay dense and the newest sorts last.
    return f"{prefix}_{new_id().hex}"


def _new_intent(command: Command) -> Snapshot:
    """The row of an intent that is not confirmed yet. Raises InvalidRequest."""
    amount = command.number("amount")
    if amount is None:
        raise InvalidRequest("Missing required param: amount.", code="parameter_missing", param="amount")
    currency = amounts.currency(command.required("currency"))
    amounts.check(amount, currency)
    if command.form.get("capture_method") != "manual":
        raise InvalidRequest("The simulator takes capture_method=manual only.", param="capture_method")
    if command.flag("error_on_requires_action") and not command.flag("confirm"):
        raise InvalidRequest("error_on_requires_action goes with confirm=true only.", param="error_on_requires_action")
    given = command.form.get("payment_method")
    method = None if given is None else _method(given)
    metadata = command.metadata
    return {
        "id": identity("pi"),
        "order_id": metadata.get("order_id"),
        "amount": amount,
        "currency": currency,
        "status": "requires_confirmation" if method else "requires_payment_method",
        "amount_capturable": 0,
        "amount_received": 0,
        "amount_refunded": 0,
        "last_error": None,
        "metadata": metadata,
        "created_at": datetime.now(UTC).isoformat(),
        "payment_method": method,
        "canceled_at": None,
        "cancellation_reason": None,
    }


def _method(given: str | None) -> str:
    if given not in BEHAVIOURS:
        raise InvalidRequest(f"No such PaymentMethod: '{given}'", code="resource_missing", param="payment_method")
    return given


def _refusal(row: Snapshot, decline_code: str | None) -> ApiError | None:
    """The 402 of a declined confirmation, which the row remembers as its last error, without the payment method."""
    if not decline_code:
        return None
    code = "authentication_required" if decline_code == "authentication_required" else "card_declined"
    message = "Your card was declined."
    row["payment_method"] = None
    row["last_error"] = {"type": "card_error", "code": code, "decline_code": decline_code, "message": message}
    return card_error(code, decline_code, objects.intent(row))
