"""Whether a caller has what it asks for already (RFC 9110, 13.1.2)."""

import pytest
from starlette.requests import Request

from services.chassis.http.responses import is_known


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ([], False),
        ([""], False),
        (['"a"'], True),
        (['W/"a"'], True),
        (['"b", "a"'], True),
        (['"b",W/"a"'], True),
        (['"b"', '"a"'], True),
        (['"x,a"'], False),
        (['"a,x"'], False),
        (["*"], True),
        ([" * "], True),
        (["a"], False),
        (['"A"'], False),
        (['"a'], False),
    ],
)
@pytest.mark.parametrize("etag", ['"a"', 'W/"a"'])
def test_entity_tags_are_compared_weakly_one_by_one(given: list[str], known: bool, etag: str) -> None:
    headers = [(b"if-none-match", value.encode()) for value in given]
    assert is_known(Request({"type": "http", "method": "GET", "headers": headers}), etag) is known
