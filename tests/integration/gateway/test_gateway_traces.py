"""Spans and access log: there, tied together, and without what must not be recorded."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.integration.gateway.conftest import Gateway
from tests.support.serving import served, until


@pytest.fixture
async def spans(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator["asyncio.Queue[Span]"]:
    """What a collector receives; named before `gateway`, which then knows of it."""
    received: asyncio.Queue[Span] = asyncio.Queue()

    async def collect(request: Request) -> Response:
        export = ExportTraceServiceRequest.FromString(await request.body())
        for resource in export.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    received.put_nowait(span)
        return Response()

    async with served(Starlette(routes=[Route("/v1/traces", collect, methods=["POST"])])) as url:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        yield received


async def test_a_span_and_a_log_line_carry_the_trace_and_no_secret(
    spans: "asyncio.Queue[Span]", gateway: Gateway, tmp_path: Path
) -> None:
    async with gateway.service("order") as (_, port):
        token = await gateway.reachable(order=[port])
        answer = await gateway.call("GET", "/api/v1/orders/123/timeline?key=hidden-value", token=token)
        trace = answer.headers["x-trace-id"]
        assert answer.body["headers"]["traceparent"].split("-")[1] == trace

        async with asyncio.timeout(15):
            while (span := await spans.get()).trace_id.hex() != trace:
                pass
        assert span.name == "GET /api/v1/orders/{id}/timeline"
        assert "hidden-value" not in str(span)
        assert token not in str(span)

        log = tmp_path / "envoy.log"

        async def logged() -> bool:
            return trace in await asyncio.to_thread(log.read_text)

        await until(logged)
        text = await asyncio.to_thread(log.read_text)
        line = next(json.loads(line) for line in text.splitlines() if trace in line)
        assert (line["path"], line["status"]) == ("/api/v1/orders/123/timeline", 200)
        assert "hidden-value" not in text
        assert token not in text
