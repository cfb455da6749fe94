"""Traces through a batch: each message gets a span of its own, under the one that caused it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from opentelemetry import trace

from services.chassis.messaging.messages import Message
from services.chassis.observability import telemetry


class Followed:
    """The messages of a batch; `trace` of each is the span that handles it, so that what it causes hangs under it."""

    def __init__(self, group: str, messages: Sequence[Message]) -> None:
        self._started = time.time_ns()
        self._spans: list[trace.Span] = []
        self.messages: list[Message] = []
        for message in messages:
            if message.trace is None or not _sampled(message.trace):
                self.messages.append(message)  # an unsampled context only travels on
                continue
            attributes = {
                "messaging.system": "kafka",
                "messaging.destination.name": message.topic,
                "messaging.message.id": message.id,
                "messaging.consumer.group.name": group,
            }
            span = telemetry.start(f"process {message.type}", message.trace, trace.SpanKind.CONSUMER, attributes)
            self._spans.append(span)
            self.messages.append(replace(message, trace=telemetry.traceparent_of(span)))

    def committed(self, attributes: Mapping[str, str]) -> None:
        """The batch's transaction shows in each message's trace."""
        for span in self._spans:
            telemetry.child(span, "postgresql transaction", self._started, attributes)

    def failed(self, error: BaseException) -> None:
        for span in self._spans:
            telemetry.fail(span, error)

    def end(self) -> None:
        for span in self._spans:
            span.end()


@contextmanager
def follow(group: str, messages: Sequence[Message]) -> Iterator[Followed]:
    """Spans around the handling of a batch."""
    followed = Followed(group, messages)
    try:
        yield followed
    except BaseException as error:
        followed.failed(error)
        raise
    finally:
        followed.end()


def _sampled(traceparent: str) -> bool:
    return traceparent[-2:] in {"01", "03"}
