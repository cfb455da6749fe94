"""One trace runs through the outbox and Kafka into the handler and what it publishes."""

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.chassis.messaging.messages import Message
from services.chassis.messaging.unit import Unit
from services.chassis.observability import telemetry
from tests.conftest import Topics
from tests.support.bare import Bare, publish, until


async def test_the_trace_goes_on_through_kafka(bare: Bare, topics: Topics, spans: InMemorySpanExporter) -> None:
    first, second = topics(), topics()
    ends: list[Message] = []

    def pass_on(unit: Unit, messages: list[Message]) -> None:
        unit.publish(*(Message(second, message.key, "test.second.v1", {}, trace=message.trace) for message in messages))

    def end(_unit: Unit, messages: list[Message]) -> None:
        ends.extend(messages)

    database = await bare.database()
    await bare.relay(database)
    await bare.stack.enter_async_context(bare.consumer(first, pass_on, group="one"))
    await bare.stack.enter_async_context(bare.consumer(second, end, group="two"))
    with telemetry.span("request") as root:
        await publish(bare, Message(first, "a", "test.first.v1", {}, trace=telemetry.current_traceparent()))
    trace_id = root.get_span_context().trace_id
    await until(lambda: len([1 for span in spans.get_finished_spans() if span.name.startswith("process ")]) == 2)

    found = {span.name: span for span in spans.get_finished_spans() if span.context.trace_id == trace_id}
    assert {"request", "process test.first.v1", "process test.second.v1", "postgresql transaction"} <= set(found)
    one, two = found["process test.first.v1"], found["process test.second.v1"]
    assert one.parent
    assert two.parent
    assert one.parent.span_id == root.get_span_context().span_id
    assert two.parent.span_id == one.context.span_id
    assert f"{trace_id:032x}" in str(ends[0].trace)


async def test_idle_work_leaves_no_traces(bare: Bare, spans: InMemorySpanExporter) -> None:
    database = await bare.database()
    relay = await bare.relay(database)
    await until(lambda: relay._leases.held)
    await publish(bare)
    assert spans.get_finished_spans() == ()


async def test_an_unsampled_trace_travels_on_unrecorded(
    bare: Bare, topics: Topics, spans: InMemorySpanExporter
) -> None:
    topic, seen = topics(), list[Message]()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"

    def note(_unit: Unit, messages: list[Message]) -> None:
        seen.extend(messages)

    database = await bare.database()
    await bare.relay(database)
    await bare.stack.enter_async_context(bare.consumer(topic, note))
    await publish(bare, Message(topic, "a", "test.v1", {}, trace=trace))
    await until(lambda: seen)
    assert seen[0].trace == trace
    assert spans.get_finished_spans() == ()


async def test_a_span_names_the_error_but_not_its_text(bare: Bare, spans: InMemorySpanExporter) -> None:
    database = await bare.database()
    try:
        with telemetry.span("request"):
            async with database.transaction():
                raise ValueError("ann@shop.test")
    except ValueError:
        pass
    for span in spans.get_finished_spans():
        assert span.status.description == "ValueError"
        assert "ann@shop.test" not in span.to_json()
