"""Messages and topics, from the code that writes them and the manifests that declare them."""

from collections.abc import Iterator
from pathlib import Path

from mercato_operator.jobs import apply

from scripts.reference import GENERATED
from scripts.reference.message_examples import EXAMPLES, Example

MANIFESTS = Path(__file__).resolve().parents[2] / "k8s" / "topics"
DAY_MS = 86_400_000

INTRO = f"""\
# Messages

{GENERATED}

CloudEvents 1.0 in Kafka's binary mode: the attributes are headers, the value is JSON. The key of every message is the
order's id. Amounts are integers in minor units, times are UTC. A reader ignores fields it does not know. How they are
carried: [architecture](../architecture.md). What they mean to an order: [saga](../saga.md).

| header | example |
| --- | --- |
"""

TOPICS = """
`traceparent` is the W3C trace context; it is left out when there is none.

## Topics

Declared in `k8s/topics` as `OrderTopic` manifests; [add a topic](../how-to/add-a-topic.md) says how.

| topic | partitions | kept for | written by | read by |
| --- | --- | --- | --- | --- |
"""

GROUPS = """
A consumer group has the name of its service. `<topic>.<group>.dead-letter` holds what the group could not handle,
`<topic>.<group>.retry` what waits for another try; [handle dead letters](../how-to/handle-dead-letters.md) says how.
"""


def page() -> str:
    """The page."""
    headers = [f"| `{name}` | `{value}` |\n" for name, value in EXAMPLES[0].headers.items()]
    parts = [INTRO, *headers, TOPICS, *_topics(), GROUPS]
    topic = ""
    for example in EXAMPLES:
        if example.message.topic != topic:
            topic = example.message.topic
            parts.append(f"\n## {topic}\n")
        parts.append(_message(example))
    return "".join(parts)


def _topics() -> Iterator[str]:
    for declared in apply.read(MANIFESTS):
        writers, readers = ", ".join(declared.spec.producers), ", ".join(declared.spec.consumers)
        for topic in declared.topics():
            days = int(topic.config["retention.ms"]) // DAY_MS
            writer = writers if topic.name == declared.name else readers
            reader = "people" if topic.name.endswith(".dead-letter") else readers
            yield f"| `{topic.name}` | {topic.partitions} | {days} days | {writer} | {reader} |\n"


def _message(example: Example) -> str:
    text = example.meaning
    if example.required:
        text += f" Its reader needs {', '.join(f'`{name}`' for name in example.required)}."
    return f"\n### {example.message.type}\n\n{text}\n\n```json\n{example.json}\n```\n"
