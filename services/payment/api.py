"""The provider's webhooks: signed hints to look now. They never decide; the look-up does.

Most tell what the answer to a call has told already, and cost nothing more than their signature.
"""

from typing import Any
from uuid import UUID

import orjson
import stripe
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.chassis.http.problems import BadRequest
from services.chassis.http.requests import read_body
from services.chassis.http.responses import json_response
from services.payment.answers import Answer
from services.payment.heard import Heard
from services.payment.hints import Hints
from services.payment.settings import PaymentSettings
from services.payment.stripe_answers import known


class Webhooks:
    """`POST /api/v1/payments/webhooks/stripe`."""

    def __init__(self, settings: PaymentSettings, heard: Heard, hints: Hints) -> None:
        self._secret = settings.stripe_webhook_secret.get_secret_value()
        self._heard = heard
        self._hints = hints

    def routes(self) -> list[Route]:
        return [Route("/api/v1/payments/webhooks/stripe", self._receive, methods=["POST"])]

    async def _receive(self, request: Request) -> Response:
        """200 for every signed event, of use or not. Raises BadRequest for any other."""
        payload = await read_body(request)
        signature = request.headers.get("stripe-signature", "")
        try:
            stripe.WebhookSignature.verify_header(
                payload.decode(), signature, self._secret, tolerance=stripe.Webhook.DEFAULT_TOLERANCE
            )
            event = orjson.loads(payload)
        except (stripe.SignatureVerificationError, ValueError):
            raise BadRequest("The signature does not fit: sign the body with this endpoint's secret.") from None
        order_id = _order_of(event)
        if order_id is not None and (order_id, _told(event)) not in self._heard:
            self._hints.take(order_id)
        return json_response({"received": True})


def _order_of(event: Any) -> UUID | None:
    try:
        return UUID(event["data"]["object"]["metadata"]["order_id"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # someone else's object in the same account


def _told(event: Any) -> Answer | None:
    """What a payment's event says; None for the event of anything else."""
    try:
        return known(event["data"]["object"])
    except (KeyError, TypeError, ValueError):
        return None
