"""Where no span is recorded, trace ids are made and passed on as W3C Trace Context says."""

import pytest

from services.chassis.observability import telemetry

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


@pytest.fixture(autouse=True)
def unrecorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "_exporting", False)


def trace_id_under(parent: str | None) -> str:
    with telemetry.span("request", parent=parent) as span:
        assert not span.is_recording()
        version, trace_id, span_id, flags = str(telemetry.current_traceparent()).split("-")
        assert (version, flags) == ("00", "00")
        assert span_id not in {SPAN, "0" * 16}
        return trace_id


@pytest.mark.parametrize("parent", [f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00", f"cc-{TRACE}-{SPAN}-01-more"])
def test_the_callers_trace_goes_on(parent: str) -> None:
    assert trace_id_under(parent) == TRACE


@pytest.mark.parametrize(
    "parent",
    [None, "", "nonsense", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-{SPAN}-01"],
)
def test_without_a_parent_that_holds_a_trace_begins(parent: str | None) -> None:
    first, second = trace_id_under(parent), trace_id_under(parent)
    assert len({first, second, TRACE, "0" * 32}) == 4


def test_a_span_inside_another_is_of_its_trace_and_ends_with_its_block() -> None:
    with telemetry.span("outer"):
        outer = telemetry.current_traceparent()
        with telemetry.span("inner"):
            inner = telemetry.current_traceparent()
        assert telemetry.current_traceparent() == outer
    assert inner is not None
    assert outer is not None
    assert (inner[:35], inner == outer) == (outer[:35], False)
    assert telemetry.current_traceparent() is None
