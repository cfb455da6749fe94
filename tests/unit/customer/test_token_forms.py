"""Forms are read as RFC 6749 wants them, whatever is in them."""

from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.http.problems import BadRequest, InvalidFields, Unavailable
from services.customer import forms, oauth
from services.customer.forms import parse

NAMES = ("grant_type", "username", "password", "refresh_token", "scope")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.dictionaries(st.sampled_from(NAMES), TEXT), st.sampled_from([quote, quote_plus]))
def test_what_any_encoder_writes_is_read_back(sent: dict[str, str], escaped: Callable[..., str]) -> None:
    raw = urlencode(sent, quote_via=escaped).encode()
    assert parse(raw, NAMES) == {name: value for name, value in sent.items() if value}


@given(st.dictionaries(st.sampled_from(NAMES), TEXT), st.lists(st.tuples(TEXT, TEXT), max_size=20))
def test_other_parameters_change_nothing_however_often_they_come(
    sent: dict[str, str], others: list[tuple[str, str]]
) -> None:
    strange = [(name, value) for name, value in others if name not in NAMES]
    among_others = urlencode([*strange, *sent.items(), *strange])
    assert parse(among_others.encode(), NAMES) == parse(urlencode(sent).encode(), NAMES)


@given(st.sampled_from(NAMES), TEXT.filter(bool), TEXT.filter(bool))
def test_a_parameter_given_twice_is_refused_by_name(name: str, one: str, other: str) -> None:
    with pytest.raises(BadRequest, match=f"^{name} is given more than once"):
        parse(urlencode([(name, one), (name, other)]).encode(), NAMES)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(BadRequest):
        assert all(parse(raw, NAMES).values())


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"", {}),
        (b"&&username=ann&", {"username": "ann"}),
        (b"username", {}),
        (b"username=&username=ann", {"username": "ann"}),
        (b"username=a+b%20c%2Bd", {"username": "a b c+d"}),
        (b"password=a=b=c", {"password": "a=b=c"}),
        (b"user%6Eame=ann", {"username": "ann"}),
        (b"username=%C3%96l&password=\xc3\x96l", {"username": "Öl", "password": "Öl"}),
        (b"Username=ann", {}),
        (b"username=ann;password=x", {"username": "ann;password=x"}),
    ],
)
def test_the_edges_of_the_encoding(raw: bytes, found: dict[str, str]) -> None:
    assert parse(raw, NAMES) == found


@pytest.mark.parametrize("raw", [b"password=100%", b"password=%zz", b"password=%C", b"other=%", b"pass%word=x"])
def test_a_broken_escape_is_refused_with_the_remedy(raw: bytes) -> None:
    with pytest.raises(BadRequest, match="%25"):
        parse(raw, NAMES)


@pytest.mark.parametrize("raw", [b"password=%FF", b"password=\xff", b"password=%ED%A0%80", b"password=%C0%80"])
def test_what_is_not_utf_8_is_refused(raw: bytes) -> None:
    with pytest.raises(BadRequest, match="UTF-8"):
        parse(raw, NAMES)


def test_a_body_full_of_parameters_is_refused_unread() -> None:
    assert parse(b"&" * (forms.MOST_PARAMETERS - 1), NAMES) == {}
    with pytest.raises(BadRequest, match="more than 100"):
        parse(b"%" + b"&" * forms.MOST_PARAMETERS, NAMES)


@given(st.text())
def test_a_description_has_only_the_characters_that_rfc_6749_allows(detail: str) -> None:
    """Section 5.2: %x20-21 / %x23-5B / %x5D-7E."""
    problem = InvalidFields("", errors=[{"pointer": "/username", "detail": detail}])
    written = bytes(oauth.refusal(problem).body).decode("ascii")
    assert "\\" not in written
    assert written.count('"') == 8


def test_a_busy_service_is_no_fault_of_the_form() -> None:
    answer = oauth.refusal(Unavailable("Too many people are logging in.", retry_after=2))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert b'"error":"temporarily_unavailable"' in bytes(answer.body)
