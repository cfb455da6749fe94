"""Who `token` signs in as."""

from pathlib import Path

import pytest

from cli.platform.accounts import Accounts, customer_token
from cli.platform.client import Client, Refused, Token
from cli.platform.errors import PlatformError


class Customers(Client):
    """The customer service in memory."""

    def __init__(self, **passwords: str) -> None:
        self.passwords = {f"{name}@shop.test": password for name, password in passwords.items()}

    async def sign_up(self, email: str, name: str, password: str) -> None:
        if email in self.passwords:
            raise Refused(409, "POST /api/v1/customers", "taken")
        self.passwords[email] = password

    async def log_in(self, email: str, password: str) -> Token:
        if self.passwords.get(email) != password:
            raise Refused(401, "POST /api/v1/tokens", "wrong")
        return Token(f"token of {email}", 900)


async def test_the_first_token_signs_a_customer_up_and_the_next_is_of_the_same_one(tmp_path: Path) -> None:
    customers, accounts = Customers(), Accounts(tmp_path)
    first = await customer_token(customers, accounts, None)
    assert (await customer_token(customers, accounts, None)).access == first.access
    assert len(customers.passwords) == 1
    assert (tmp_path / "customers.json").stat().st_mode & 0o777 == 0o600


async def test_an_email_is_signed_up_once_and_remembered(tmp_path: Path) -> None:
    customers, accounts = Customers(), Accounts(tmp_path)
    for _ in range(2):
        assert (await customer_token(customers, accounts, "eve@shop.test")).access == "token of eve@shop.test"


async def test_a_customer_whose_password_is_unknown_gets_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"eve@shop\.test exists, and its password"):
        await customer_token(Customers(eve="her own"), Accounts(tmp_path), "eve@shop.test")


async def test_a_remembered_customer_that_is_gone_is_signed_up_again(tmp_path: Path) -> None:
    customers, accounts = Customers(), Accounts(tmp_path)
    accounts.remember("eve@shop.test", "of an earlier database")
    assert (await customer_token(customers, accounts, "eve@shop.test")).access == "token of eve@shop.test"


def test_a_token_does_not_show_itself_in_what_is_printed_of_it() -> None:
    assert "secret" not in repr(Token("secret", 900))
