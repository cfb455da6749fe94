"""Weights are weighed: the form that a caller wants most is the one it gets."""

import pytest
from starlette.requests import Request

from services.chassis.http.negotiation import negotiate, wants_events

JSON, XML = "application/json", "application/xml"


def request(*accept: str) -> Request:
    return Request({"type": "http", "method": "GET", "headers": [(b"accept", value.encode()) for value in accept]})


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ([], XML),
        ([""], XML),
        (["*/*"], XML),
        (["application/*"], XML),
        (["application/json"], JSON),
        (["APPLICATION/JSON"], JSON),
        (["application/json, application/xml"], JSON),
        (["application/xml, application/json"], JSON),
        (["application/json;q=0.5, application/xml"], XML),
        (["application/xml;q=0.5, application/json;q=0.6"], JSON),
        (["application/json;q=0.9,application/xml;q=0.899"], JSON),
        (["application/json;q=0"], XML),
        (["application/json;q=0, */*"], XML),
        (["application/xml;q=0, */*"], JSON),
        (["application/xml;q=0.000, application/*;q=0.1"], JSON),
        (["application/json;q=0.1, */*;q=0.9"], XML),
        (["application/json, */*;q=0.8"], JSON),
        (["application/*;q=0.2, */*;q=0.9, application/json;q=0.3"], JSON),
        (["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], XML),
        (["text/html"], XML),
        (["application/json;charset=UTF-8"], JSON),
        (['application/json;v="a,b;q=0";q=0.9, application/xml;q=0.8'], JSON),
        (["application/json ; Q=0.3 , application/xml;q=0.2"], JSON),
        (["application/xml;q=0.2", "application/json"], JSON),
        (["application/json;q=0.2", "application/xml;q=0.1"], JSON),
        (["application/json;q=2, application/xml;q=0.1"], XML),
        (["application/json;q=abc, application/xml;q=0.1"], XML),
        (["application/json;q=-1, application/xml;q=0.1"], XML),
        (["application/json;q=0.1234, application/xml;q=0.1"], XML),
        (["application/json;q=nan, application/xml;q=0.1"], XML),
        (["json"], XML),
        (["*"], XML),
        ([",;,, ;q=1, application/json"], JSON),
        (['application/json;x="unclosed, application/xml'], XML),
        (["é/ü"], XML),
        (["application/json;q=0.1," * 5000 + "application/json"], JSON),
    ],
)
def test_the_form_is_the_one_of_the_greatest_weight(accept: list[str], form: str) -> None:
    assert negotiate(request(*accept), (JSON, XML), XML) == form


@pytest.mark.parametrize(
    ("accept", "stream"),
    [
        ("text/event-stream", True),
        ("Text/Event-Stream", True),
        ("text/event-stream, */*;q=0.1", True),
        ("text/event-stream, application/json;q=0.9", True),
        ("text/event-stream, */*", True),
        ("text/*", True),
        ("*/*", False),
        ("application/json, text/event-stream;q=0.5", False),
        ("text/event-stream;q=0", False),
        ("text/event-stream;q=0, */*", False),
        ("application/x-text/event-stream", False),
        ("text/event-streams", False),
    ],
)
def test_a_stream_is_for_those_who_ask_for_it(accept: str, stream: bool) -> None:
    assert wants_events(request(accept)) is stream
