import time

import pytest

from services.chassis.texts.cards import holds_card_number

NUMBERS = [
    "4111111111111111",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "3056930009020004",
    "3566002020360505",
    "6200000000000005",
]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_networks_number_is_recognised(number: str) -> None:
    assert holds_card_number(number)


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111  1111  1111  1111",
        "my card is 4111111111111111, thanks",
        "Flat 12 4111 1111 1111 1111",
        "4111111111111111 123",
        "4111 1111 1111 1111 12/29",
        "4111\N{NO-BREAK SPACE}1111\N{NO-BREAK SPACE}1111\N{NO-BREAK SPACE}1111",
        "".join(chr(ord("０") + int(digit)) for digit in "4111111111111111"),
        "x4111111111111111x",
        "4111\N{EN DASH}1111\N{EN DASH}1111\N{EN DASH}1111",
        "4111\N{MINUS SIGN}1111\N{MINUS SIGN}1111\N{MINUS SIGN}1111",
        "".join(chr(ord("\N{ARABIC-INDIC DIGIT ZERO}") + int(digit)) for digit in "4111111111111111"),
        "4111\N{ZERO WIDTH SPACE}1111\N{SOFT HYPHEN}1111\N{WORD JOINER}1111",
        "\N{ZERO WIDTH JOINER}".join("4111111111111111"),
        "\N{COMBINING LONG STROKE OVERLAY}".join("4111111111111111"),
        "4111\N{IDEOGRAPHIC SPACE}1111\N{THIN SPACE}1111\N{NARROW NO-BREAK SPACE}1111",
    ],
)
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111111111111112",
        "411111111111",
        "41111111111111111111111111",
        "1234567890123456",
        "0000000000000000",
        "+353 1 234 5678",
        "2026-01-15 10:30:00 and 2026-01-16",
        "order 42, 3 pieces at 12.50",
        "sizes 41, 42, 43, 44, 45, 46, 47, 48",
        "pm_card_visa",
    ],
)
def test_other_digits_are_no_card_number(text: str) -> None:
    assert not holds_card_number(text)


@pytest.mark.parametrize("groups", ["1 ", "50 ", "4111111111111112 "])
def test_a_megabyte_of_digits_is_looked_through_quickly(groups: str) -> None:
    began = time.process_time()
    assert not holds_card_number(groups * (1_000_000 // len(groups)))
    assert time.process_time() - began < 10
