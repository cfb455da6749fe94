"""What the payment service says of its HTTP API."""

from typing import Final

from services.chassis.http.operations import Access, Answer, Content, Operation, Parameter
from services.chassis.http.problems import BadRequest

DESCRIPTION: Final = "Where the payment provider reports. Payments themselves follow from orders."

_EVENT: Final = {
    "id": "evt_1",
    "type": "payment_intent.amount_capturable_updated",
    "data": {"object": {"metadata": {"order_id": "01a20689-f7be-7044-90d3-8c3394b1996a"}}},
}
_RECEIVED: Final = {
    "type": "object",
    "required": ["received"],
    "properties": {"received": {"const": True}},
}

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/api/v1/payments/webhooks/stripe",
        name="receiveStripeEvent",
        summary="Receive an event of the payment provider",
        description="A hint to look the payment up, never more: what counts is the provider's answer to the look-up.",
        access=Access.PUBLIC,
        parameters=[
            Parameter(
                name="Stripe-Signature",
                place="header",
                required=True,
                description="The provider's signature of the body: `t=<time>,v1=<HMAC-SHA256>`.",
            )
        ],
        body=Content(type={"type": "object", "description": "An event of Stripe's."}, example=_EVENT),
        answers=[
            Answer(
                status=200,
                description="Received, of use or not.",
                content=Content(type=_RECEIVED, example={"received": True}),
            )
        ],
        problems={BadRequest: "The signature does not fit the body."},
    ),
)
