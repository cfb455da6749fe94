"""The payment provider, through Stripe's official library. Retries are ours to decide, so the library makes none."""

import logging
from types import TracebackType
from typing import Self

import aiohttp
import stripe

from services.payment import answers
from services.payment.answers import Answer
from services.payment.intents import Call, Operation
from services.payment.settings import PaymentSettings
from services.payment.stripe_answers import answer_of, known

# Of several intents of one order the one that holds, or may hold, money counts.
_RANK = {"succeeded": 0, "requires_capture": 1, "processing": 2, "requires_action": 3, "canceled": 4}
_EXPAND_ONE = ["latest_charge"]
_EXPAND_LIST = ["data.latest_charge"]


class StripeProvider:
    """One HTTP session for all calls, while entered."""

    def __init__(self, settings: PaymentSettings) -> None:
        self._settings = settings
        self._operations = {
            Operation.AUTHORIZE: self._authorize,
            Operation.CAPTURE: self._capture,
            Operation.VOID: self._void,
            Operation.REFUND: self._refund,
            Operation.LOOK_UP: self._look_up,
        }
        stripe.enable_telemetry = False
        # The library logs request bodies at DEBUG, and with them the payment token.
        logging.getLogger("stripe").setLevel(logging.WARNING)

    async def __aenter__(self) -> Self:
        settings = self._settings
        timeout = aiohttp.ClientTimeout(total=settings.provider_timeout_seconds, sock_connect=2.0)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=2 * settings.provider_concurrency),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        client = stripe.StripeClient(
            settings.stripe_api_key.get_secret_value(),
            base_addresses={"api": settings.stripe_api_base.rstrip("/")},
            max_network_retries=0,
            http_client=stripe.AIOHTTPClient(timeout=timeout, session=self._session),
        )
        self._intents = client.v1.payment_intents
        self._refunds = client.v1.refunds
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def call(self, call: Call) -> Answer:
        """Never raises: what went wrong is an answer too."""
        try:
            return await self._operations[call.operation](call)
        except stripe.StripeError as error:
            return answer_of(call.operation, error)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return answers.Unanswered(type(error).__name__)

    async def _authorize(self, call: Call) -> Answer:
        payment = call.payment
        intent = await self._intents.create_async(
            {
                "amount": payment.amount,
                "currency": payment.currency.lower(),
                "payment_method": payment.token or "",
                "allowed_payment_method_types": ["card"],
                "capture_method": "manual",
                "confirm": True,
                # Nobody is there to act: the provider is to decline at once what would need them.
                "error_on_requires_action": True,
                "metadata": {"order_id": str(payment.order_id), "customer_id": payment.customer_id},
            },
            {"idempotency_key": call.key},
        )
        return known(intent)

    async def _capture(self, call: Call) -> Answer:
        payment = call.payment
        intent = await self._intents.capture_async(
            payment.provider_id or "", {"amount_to_capture": payment.amount}, {"idempotency_key": call.key}
        )
        return known(intent)

    async def _void(self, call: Call) -> Answer:
        intent = await self._intents.cancel_async(call.payment.provider_id or "", {}, {"idempotency_key": call.key})
        return known(intent)

    async def _refund(self, call: Call) -> Answer:
        payment = call.payment
        refund = await self._refunds.create_async(
            {"payment_intent": payment.provider_id or "", "amount": payment.captured - payment.refunded},
            {"idempotency_key": call.key},
        )
        if refund.status in ("failed", "canceled"):
            return answers.Rejected(f"the refund {refund.status}")
        return answers.Refunded(payment.provider_id, payment.captured)

    async def _look_up(self, call: Call) -> Answer:
        payment = call.payment
        if payment.provider_id:
            return known(await self._intents.retrieve_async(payment.provider_id, {"expand": _EXPAND_ONE}))
        query = f"metadata['order_id']:'{payment.order_id}'"
        found = (await self._intents.search_async({"query": query, "expand": _EXPAND_LIST})).data
        if not found:
            return answers.Absent()
        return known(min(found, key=lambda intent: _RANK.get(intent.status, len(_RANK))))
