"""The simulator reads what Stripe's library sends, and nothing else."""

import pytest

from tryout.simulator import amounts, parameters
from tryout.simulator.errors import InvalidRequest
from tryout.simulator.requests import Command


def test_metadata_is_read_from_bracketed_names() -> None:
    command = Command("k", b"", {"metadata[order_id]": "1", "metadata[]": "x", "amount": "5"})
    assert command.metadata == {"order_id": "1"}


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "abc", "9" * 30, "٣", "1e3", "--1"])
def test_an_amount_must_be_a_positive_whole_number(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Command("k", b"", {"amount": text}).number("amount")
    assert refused.value.body["error"]["code"] == "parameter_invalid_integer"
    assert refused.value.body["error"]["param"] == "amount"


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(InvalidRequest, match="currency"):
        Command("k", b"", {}).required("currency")


@pytest.mark.parametrize("text", ["True", "1", "", "yes"])
def test_a_flag_is_true_or_false(text: str) -> None:
    with pytest.raises(InvalidRequest, match="boolean"):
        Command("k", b"", {"confirm": text}).flag("confirm")


@pytest.mark.parametrize(
    ("form", "name"), [({f"metadata[{'k' * 41}]": "v"}, "key"), ({"metadata[k]": "v" * 501}, "value")]
)
def test_metadata_that_stripe_would_not_keep_is_refused(form: dict[str, str], name: str) -> None:
    with pytest.raises(InvalidRequest, match=name):
        _ = Command("k", b"", form).metadata


@pytest.mark.parametrize(
    "name",
    [
        "amount",
        "metadata[order_id]",
        "metadata[a-b]",
        "expand[]",
        "expand[0]",
        "allowed_payment_method_types[12]",
        "automatic_payment_methods[enabled]",
    ],
)
def test_what_stripe_knows_is_taken(name: str) -> None:
    parameters.check([name], parameters.CREATE)


@pytest.mark.parametrize(
    "name",
    [
        "amuont",
        "metadata",
        "metadata[a][b]",
        "metadata[]",
        "amount[0]",
        "automatic_payment_methods[on]",
        "automatic_payment_methods",
        "expand",
        "expand[a]",
        "payment_method_options[card][colour]",
        "",
        "[",
    ],
)
def test_what_stripe_does_not_know_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parameters.check(["amount", name], parameters.CREATE)
    assert refused.value.body["error"]["code"] == "parameter_unknown"
    assert refused.value.body["error"]["param"] == name


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (500, "isk", None),
        (550, "isk", "invalid_charge_amount_no_decimal_compatible"),
        (501, "ugx", "invalid_charge_amount_no_decimal_compatible"),
        (5_120, "kwd", None),
        (5_124, "kwd", "parameter_invalid_integer"),
        (1, "jpy", None),
        (99_999_999, "eur", None),
        (100_000_000, "eur", "amount_too_large"),
    ],
)
def test_an_amount_its_currency_does_not_have_is_refused(amount: int, currency: str, code: str | None) -> None:
    if code is None:
        amounts.check(amount, currency)
        return
    with pytest.raises(InvalidRequest) as refused:
        amounts.check(amount, currency)
    assert refused.value.body["error"]["code"] == code


def test_a_currency_stripe_does_not_have_is_refused() -> None:
    assert amounts.currency("EUR") == "eur"
    for text in ("xyz", "e1", "", "ly d", "LYD"):
        with pytest.raises(InvalidRequest, match="Invalid currency"):
            amounts.currency(text)
