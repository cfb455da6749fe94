"""Traces (OpenTelemetry) and logs (JSON with trace ids)."""

import logging
import os
import random
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue
from pythonjsonlogger.json import JsonFormatter

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.observability.redaction import redacted, redacted_error

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("mercato")
_VERSION_0 = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
"""The one form of traceparent there is today (W3C Trace Context, 2.2.2)."""
_exporting = True
"""Whether spans may be recorded; a process that `configure` found without an exporter makes ids alone."""


class _LiveRatio(Sampler):
    """Samples new traces at `trace_sample_ratio`, which may change while the process runs."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._ratio = -1.0
        self._sampler: Sampler = TraceIdRatioBased(1.0)

    def should_sample(self, *args: object, **kwargs: object) -> SamplingResult:
        if self._ratio != self._settings.trace_sample_ratio:
            self._ratio = self._settings.trace_sample_ratio
            self._sampler = TraceIdRatioBased(self._ratio)
        return self._sampler.should_sample(*args, **kwargs)  # type: ignore[arg-type]

    def get_description(self) -> str:
        return "LiveRatio"


def configure(settings: ServiceSettings) -> None:
    """Sets up logs and traces of this process; spans leave only when OTEL_EXPORTER_OTLP_ENDPOINT is set."""
    global _exporting  # noqa: PLW0603 - a process has one tracer provider, too
    _configure_logs(settings)
    resource = Resource.create({"service.name": settings.service, "service.instance.id": settings.instance})
    # Where spans go nowhere none is recorded; trace ids are made and passed on all the same.
    exported = bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
    _exporting = exported
    sampler = ParentBased(_LiveRatio(settings)) if exported else ALWAYS_OFF
    provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    if exported:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=1000))
    trace.set_tracer_provider(provider)


def shutdown() -> None:
    """Exports what is still buffered."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


@contextmanager
def span(
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: str | None = None,
    attributes: Mapping[str, AttributeValue] | None = None,
) -> Iterator[trace.Span]:
    """A span around a block; `parent` is a W3C traceparent, by default the current span."""
    if not _exporting:
        unrecorded = _unrecorded(parent)
        token = attach(trace.set_span_in_context(unrecorded))
        try:
            yield unrecorded
        finally:
            detach(token)
        return
    with _tracer.start_as_current_span(
        name,
        context=context_of(parent),
        kind=kind,
        attributes=attributes,
        # An exception's text may quote data; `fail` names its kind.
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            fail(current, error)
            raise


def _unrecorded(parent: str | None) -> trace.Span:
    """A span of ids alone: cheaper than one that a sampler has to drop."""
    trace_id = _trace_id_of(parent) if parent else trace.get_current_span().get_span_context().trace_id
    # Zero is no id (W3C Trace Context, 2.2.3).
    ids = trace.SpanContext(trace_id or random.getrandbits(128) or 1, random.getrandbits(64) or 1, is_remote=False)
    return trace.NonRecordingSpan(ids)


def _trace_id_of(parent: str) -> int:
    found = _VERSION_0.fullmatch(parent)
    if found and int(found[2], 16):
        return int(found[1], 16)
    return trace.get_current_span(context_of(parent)).get_span_context().trace_id


@contextmanager
def span_below(name: str, kind: SpanKind, attributes: Mapping[str, AttributeValue]) -> Iterator[None]:
    """A span around a block where the current one is recorded; nothing elsewhere."""
    if not trace.get_current_span().is_recording():
        yield
        return
    with span(name, kind=kind, attributes=attributes):
        yield


def start(name: str, parent: str | None, kind: SpanKind, attributes: Mapping[str, AttributeValue]) -> trace.Span:
    """A span that does not become the current one: for the members of a batch, which overlap."""
    return _tracer.start_span(name, context=context_of(parent) or Context(), kind=kind, attributes=attributes)


def child(parent: trace.Span, name: str, started: int, attributes: Mapping[str, AttributeValue]) -> None:
    """A finished span under `parent` that began at `started` (ns since the epoch) and ends now."""
    if parent.is_recording():
        context = trace.set_span_in_context(parent)
        _tracer.start_span(name, context, SpanKind.CLIENT, attributes, start_time=started).end()


def fail(current: trace.Span, error: BaseException) -> None:
    """Marks a span as failed with the kind of error; its text may hold what must not be recorded."""
    current.set_status(StatusCode.ERROR, type(error).__name__)


def context_of(traceparent: str | None) -> Context | None:
    return _propagator.extract({"traceparent": traceparent}) if traceparent else None


def traceparent_of(current: trace.Span) -> str | None:
    """W3C trace context of a span."""
    context = current.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def current_traceparent() -> str | None:
    """W3C trace context of the current span."""
    return traceparent_of(trace.get_current_span())


class _JsonLog(JsonFormatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))

    def formatException(self, exc_info: Any) -> str:  # noqa: N802 - the library's name
        text = super().formatException(exc_info)
        return redacted_error(text if isinstance(text, str) else "\n".join(text))

    def process_log_record(self, log_data: dict[str, object]) -> dict[str, object]:
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            log_data["trace_id"] = f"{context.trace_id:032x}"
            log_data["span_id"] = f"{context.span_id:016x}"
        return log_data


def _configure_logs(settings: ServiceSettings) -> None:
    formatter = _JsonLog(
        "%(asctime)s %(levelname)s %(name)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%SZ",
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        static_fields={"service": settings.service, "instance": settings.instance},
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for noisy in ("uvicorn", "uvicorn.error", "uvicorn.access", "aiohttp", "watchfiles", "psycopg.pool"):
        logging.getLogger(noisy).setLevel("WARNING")


__all__ = [
    "Span",
    "SpanKind",
    "child",
    "configure",
    "context_of",
    "current_traceparent",
    "fail",
    "shutdown",
    "span",
    "start",
    "traceparent_of",
]
