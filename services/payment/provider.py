"""The payment provider, through Stripe's official library. Retries are ours to decide, so the library makes none."""

import asyncio
import logging
from types import TracebackType
from typing import Any, Self

import stripe

from services.chassis.http.client import HttpClient
from services.payment import answers
from services.payment.answers import Answer
from services.payment.intents import DECLINED, Call, Operation, Payment
from services.payment.settings import PaymentSettings
from services.payment.stripe_amounts import NotChargeableError, to_stripe
from services.payment.stripe_answers import answer_of, known
from services.payment.stripe_transport import StripeTransport

log = logging.getLogger(__name__)

_INTENTS = "/v1/payment_intents"
# Of several intents of one order the one that holds, or may hold, money counts.
_RANK = {"succeeded": 0, "requires_capture": 1, "processing": 2, "requires_action": 3, "canceled": 4}
_CLOCKS_DIFFER = 300


class StripeProvider:
    """Calls while entered."""

    def __init__(self, settings: PaymentSettings) -> None:
        self._settings = settings
        self._operations = {
            Operation.CREATE: self._create,
            Operation.CONFIRM: self._confirm,
            Operation.CAPTURE: self._capture,
            Operation.VOID: self._void,
            Operation.REFUND: self._refund,
            Operation.LOOK_UP: self._look_up,
            Operation.AUTHORIZE: self._create_and_confirm,
            Operation.FIND: self._find,
        }
        stripe.enable_telemetry = False
        # The library logs request bodies at DEBUG, and with them the payment token.
        logging.getLogger("stripe").setLevel(logging.WARNING)

    async def __aenter__(self) -> Self:
        settings = self._settings
        base = settings.stripe_api_base.rstrip("/")
        self._http = HttpClient(base)
        self._client = stripe.StripeClient(
            settings.stripe_api_key.get_secret_value(),
            base_addresses={"api": base},
            max_network_retries=0,
            http_client=StripeTransport(self._http, base, settings.provider_timeout_seconds),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def call(self, call: Call) -> Answer:
        """Never raises: what went wrong is an answer too."""
        try:
            return await self._operations[call.operation](call)
        except stripe.StripeError as error:
            return answer_of(call.operation, error)
        except NotChargeableError as error:
            log.warning("order %s cannot be paid: %s", call.payment.order_id, error)
            return answers.Declined(None, DECLINED, str(error))
        except Exception as error:
            # Whatever it was, the call may have taken effect: it is looked up.
            log.warning("a call to the payment provider got no answer: %s", type(error).__name__)
            return answers.Unanswered(type(error).__name__)

    async def _create(self, call: Call) -> Answer:
        payment = call.payment
        wanted = _wanted(payment, to_stripe(payment.amount, payment.currency))
        return known(await self._post(call, _INTENTS, **wanted))

    async def _confirm(self, call: Call) -> Answer:
        path = f"{_INTENTS}/{call.payment.provider_id}/confirm"
        return known(await self._post(call, path, error_on_requires_action=True))

    async def _capture(self, call: Call) -> Answer:
        payment = call.payment
        amount = to_stripe(payment.amount, payment.currency)
        return known(await self._post(call, f"{_INTENTS}/{payment.provider_id}/capture", amount_to_capture=amount))

    async def _void(self, call: Call) -> Answer:
        return known(await self._post(call, f"{_INTENTS}/{call.payment.provider_id}/cancel"))

    async def _refund(self, call: Call) -> Answer:
        payment = call.payment
        left = to_stripe(payment.captured - payment.refunded, payment.currency)
        refund = await self._post(call, "/v1/refunds", payment_intent=payment.provider_id, amount=left)
        if refund["status"] in ("failed", "canceled"):
            return answers.Rejected(f"the refund {refund['status']}")
        return answers.Refunded(payment.provider_id, payment.captured)

    async def _look_up(self, call: Call) -> Answer:
        return known(await self._get(f"{_INTENTS}/{call.payment.provider_id}", expand=["latest_charge"]))

    # -- rows of the former scheme; to be removed once none can be in flight --

    async def _create_and_confirm(self, call: Call) -> Answer:
        """Parameter by parameter, and in their order, the call that the release before made under this key."""
        wanted = _wanted(call.payment, call.payment.amount)
        metadata = wanted.pop("metadata")
        asked = {**wanted, "confirm": True, "error_on_requires_action": True, "metadata": metadata}
        return known(await self._post(call, _INTENTS, **asked))

    async def _find(self, call: Call) -> Answer:
        """By the list, which reads the state itself (the search does not), back to when the order was made."""
        order_id = call.payment.order_id
        asked: dict[str, Any] = {"limit": 100, "expand": ["data.latest_charge"]}
        if order_id.version == 7:
            asked["created"] = {"gte": (order_id.int >> 80) // 1000 - _CLOCKS_DIFFER}
        found: list[Any] = []
        async with asyncio.timeout(self._settings.provider_timeout_seconds):
            while True:
                page = await self._get(_INTENTS, **asked)
                found += (one for one in page["data"] if one["metadata"].get("order_id") == str(order_id))
                if not page["has_more"]:
                    break
                asked["starting_after"] = page["data"][-1]["id"]
        # One that is not confirmed was never the former scheme's.
        told = [known(one) for one in sorted(found, key=lambda one: _RANK.get(one["status"], len(_RANK)))]
        return next((one for one in told if not isinstance(one, answers.Unconfirmed)), answers.Absent())

    # The raw requests: building the library's typed objects would double what a call costs.

    async def _post(self, call: Call, path: str, **parameters: Any) -> Any:
        response = await self._client.raw_request_async("post", path, idempotency_key=call.key, **parameters)
        return response.data

    async def _get(self, path: str, **parameters: Any) -> Any:
        return (await self._client.raw_request_async("get", path, **parameters)).data


def _wanted(payment: Payment, amount: int) -> dict[str, Any]:
    """The parameters of a new payment, without its confirmation; `amount` as Stripe counts it."""
    return {
        "amount": amount,
        "currency": payment.currency.lower(),
        "payment_method": payment.token,
        # Nobody is there to act: a confirmation asks the provider to decline at once what would need them.
        "allowed_payment_method_types": ["card"],
        "capture_method": "manual",
        "metadata": {"order_id": str(payment.order_id), "customer_id": payment.customer_id},
    }
