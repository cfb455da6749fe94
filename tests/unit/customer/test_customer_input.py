import asyncio
from typing import Any

import pytest

from services.chassis.configuration.settings import load
from services.chassis.http.problems import InvalidFields
from services.chassis.http.requests import validate
from services.customer import emails
from services.customer.schemas import LogIn, Refresh, SignUp
from services.customer.settings import CustomerSettings

GOOD = {"email": "ann@example.com", "name": "Ann", "password": "long enough"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"email": "ann"}, "/email"),
        ({"email": "ann@localhost"}, "/email"),
        ({"email": "änn@example.com"}, "/email"),
        ({"email": "ann@example.com\n"}, "/email"),
        ({"email": "a" * 320 + "@example.com"}, "/email"),
        ({"email": 5}, "/email"),
        ({"name": ""}, "/name"),
        ({"name": "  "}, "/name"),
        ({"name": "\u3000\u200b"}, "/name"),
        ({"name": "a\u2028b"}, "/name"),
        ({"email": "ann\u200b@example.com"}, "/email"),
        ({"email": '"ann smith"@example.com'}, "/email"),
        ({"name": "a\x00b"}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "4242 4242 4242 4242"}, "/name"),
        ({"password": "seven77"}, "/password"),
        ({"password": "x" * 257}, "/password"),
        ({"password": "tab\tis control"}, "/password"),
        ({"password": "next line\x85is control"}, "/password"),
        ({"password": 12345678}, "/password"),
        ({"role": "admin"}, "/role"),
    ],
)
def test_a_sign_up_that_cannot_be_taken_is_refused_at_the_field(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidFields) as refusal:
        validate(SignUp, {**GOOD, **change})
    assert [error["pointer"] for error in refusal.value.errors] == [pointer]
    value = str(next(iter(change.values())))
    assert len(value) < 6 or all(value not in error["detail"] for error in refusal.value.errors)


@pytest.mark.parametrize(
    ("model", "body", "pointer"),
    [
        (LogIn, {"email": "ann@example.com", "password": "a\x00b"}, "/password"),
        (Refresh, {"refresh_token": "a\x00b"}, "/refresh_token"),
    ],
)
def test_a_secret_with_control_characters_is_refused(model: type[Any], body: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidFields) as refusal:
        validate(model, body)
    assert [error["pointer"] for error in refusal.value.errors] == [pointer]


def test_an_administrators_password_with_a_lines_end_in_it_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MERCATO_REFRESH_SECRET", "0123456789abcdef")
    monkeypatch.setenv("MERCATO_ADMIN_PASSWORD", "long enough\n")
    with pytest.raises(SystemExit, match=r"admin_password.*control characters") as refusal:
        asyncio.run(load(CustomerSettings))
    assert "long enough" not in str(refusal.value)


@pytest.mark.parametrize("email", ["admin", "ädmin@shop.test", "admin@", "Admin <admin@shop.test>", "a b@shop.test"])
def test_an_administrators_address_that_no_mail_can_go_to_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    monkeypatch.setenv("MERCATO_REFRESH_SECRET", "0123456789abcdef")
    monkeypatch.setenv("MERCATO_ADMIN_EMAIL", email)
    with pytest.raises(SystemExit, match=r"admin_email.*must be an e-mail address"):
        asyncio.run(load(CustomerSettings))


@pytest.mark.parametrize(
    ("email", "kept"), [("admin@localhost", "admin@localhost"), ("a@bücher.test", "a@xn--bcher-kva.test")]
)
def test_an_administrators_address_is_one_that_every_mail_server_takes(
    monkeypatch: pytest.MonkeyPatch, email: str, kept: str
) -> None:
    monkeypatch.setenv("MERCATO_REFRESH_SECRET", "0123456789abcdef")
    monkeypatch.setenv("MERCATO_ADMIN_EMAIL", email)
    assert asyncio.run(load(CustomerSettings)).admin_email == kept


def test_blanks_around_what_was_typed_do_not_count() -> None:
    taken = validate(SignUp, {**GOOD, "name": "\u3000" + "x" * 200 + " ", "email": " ann@example.com\u00a0"})
    assert (taken.name, taken.email) == ("x" * 200, "ann@example.com")


def test_a_password_is_not_in_what_is_printed_of_a_request() -> None:
    assert "long enough" not in repr(validate(SignUp, GOOD)) + repr(
        validate(LogIn, {"email": "a", "password": "long enough"})
    )


@pytest.mark.parametrize("spelling", ["ann@example.com", "Ann@Example.COM", " ANN@EXAMPLE.COM "])
def test_spellings_of_one_address_are_one_account(spelling: str) -> None:
    assert emails.key(spelling) == "ann@example.com"


@pytest.mark.parametrize("address", ["ann@shop.test", "ann@mercato.local", "ann+tag@example.com", "ann@bücher.example"])
def test_addresses_for_trying_out_are_taken(address: str) -> None:
    assert emails.checked(address)


@pytest.mark.parametrize(
    "address", ["a" * 65 + "@shop.test", "jörg@shop.test", '"ann smith"@shop.test', "ann@" + "a" * 64 + ".test"]
)
def test_an_address_that_not_every_mail_server_takes_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="e-mail address"):
        emails.checked(address)
