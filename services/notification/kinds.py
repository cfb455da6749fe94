"""Which order events customers are told of. It imports nothing: the checks of the whole platform read it too."""

TOPIC = "order.events"

KINDS = {
    "mercato.order.confirmed.v1": "order_confirmed",
    "mercato.order.rejected.v1": "order_rejected",
    "mercato.order.cancelled.v1": "order_cancelled",
}
"""Kind of notification by type of event."""

SILENT = frozenset(
    {
        "mercato.order.created.v1",
        "mercato.order.reserved.v1",
        "mercato.order.authorized.v1",
    }
)
"""Types of which customers are not told."""
