"""One trace per order, from the request to the message."""

import secrets
from contextlib import suppress

from tests.end_to_end.otlp_receiver import OtlpReceiver, SeenSpan
from tests.end_to_end.shop import Shop, eventually


async def test_one_trace_spans_gateway_order_kafka_product_payment_and_notification(
    shop: Shop, traces: OtlpReceiver
) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(1)
    trace_id = secrets.token_hex(16)
    parent = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    placed = await shop.place(customer, product["id"], headers=parent)
    assert placed.headers["x-trace-id"] == trace_id
    order = await shop.settled(customer, placed.body["id"])
    assert order["status"] == "CONFIRMED"
    await shop.messages(customer, 1)
    wanted = {"gateway", "order", "product", "payment", "notification"}

    def orphans() -> list[SeenSpan]:
        spans = traces.of(trace_id)
        known = {span.span_id for span in spans} | {parent["traceparent"].split("-")[2]}
        return [span for span in spans if span.parent_id not in known]

    async def whole() -> bool:
        # Each process exports its own batches: a child may arrive seconds before its parent.
        return wanted <= {span.service for span in traces.of(trace_id)} and not orphans()

    with suppress(AssertionError):  # what is missing is said below
        await eventually(whole, 15)
    spans = traces.of(trace_id)
    assert wanted <= {span.service for span in spans}
    assert orphans() == []
    names = {span.name for span in spans}
    assert "postgresql transaction" in names
    assert any("process mercato.product.reserve.v1" in name for name in names)
