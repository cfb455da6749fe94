"""The simulator reads what Stripe's library sends, and nothing else."""

import pytest

from tryout.simulator.errors import InvalidRequest
from tryout.simulator.requests import Command, wants_charge


def test_metadata_is_read_from_bracketed_names() -> None:
    command = Command("k", b"", {"metadata[order_id]": "1", "metadata[]": "x", "amount": "5"})
    assert command.metadata == {"order_id": "1"}


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "abc", "999999999999", "٣"])
def test_an_amount_must_be_a_positive_whole_number(text: str) -> None:
    with pytest.raises(InvalidRequest):
        Command("k", b"", {"amount": text}).number("amount")


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(InvalidRequest, match="currency"):
        Command("k", b"", {}).required("currency")


def test_the_charge_is_shown_when_asked_for() -> None:
    assert wants_charge({"expand[0]": "data.latest_charge"})
    assert wants_charge({"expand[]": "latest_charge"})
    assert not wants_charge({"expand[0]": "customer"})
