"""What the notification service says of its HTTP API."""

from typing import Final

from services.chassis.http.operations import Answer, Content, ListOf, Operation
from services.notification.schemas import NotificationDocument

DESCRIPTION: Final = "The messages that customers were sent."

_CONFIRMED: Final = {
    "id": "01a20689-fb12-7a5e-8d30-4c1f6f2a9b77",
    "order_id": "01a20689-f7be-7044-90d3-8c3394b1996a",
    "kind": "order_confirmed",
    "subject": "Your order is confirmed",
    "body": "Hello Ada Lovelace,\n\nthank you for your order. It is paid, and we are preparing it for you.\n",
    "sent_at": "2026-11-23T03:53:55.802114Z",
}

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/api/v1/notifications",
        name="listNotifications",
        summary="List the messages to the caller, newest first",
        paged=True,
        answers=[
            Answer(
                status=200,
                description="A page.",
                content=Content(
                    type=ListOf(NotificationDocument), example={"items": [_CONFIRMED], "next_cursor": None}
                ),
            )
        ],
    ),
)
