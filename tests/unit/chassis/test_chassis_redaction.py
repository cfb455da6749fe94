"""Nothing secret reaches a log line, whoever wrote it."""

import json
import logging

import pytest
from pydantic import BaseModel, ValidationError

from services.chassis.observability.redaction import redacted, redacted_error
from services.chassis.observability.telemetry import _JsonLog

TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjLTEifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"got {TOKEN}", TOKEN),
        ("Authorization: Bearer opaque-token_1234", "opaque-token_1234"),
        ("authorization: bearer opaque-token_1234", "opaque-token_1234"),
        ("AUTHORIZATION: BEARER \t opaque-token_1234", "opaque-token_1234"),
        ("paid with pm_card_visa today", "pm_card_visa"),
        ("key sk_test_51Habcdef", "sk_test_51Habcdef"),
        ("whsec_abcdefghij", "whsec_abcdefghij"),
        ("postgresql://order:hunter2@db:5432/order", "hunter2"),
    ],
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    assert secret not in redacted(text)
    assert "[redacted]" in redacted(text)


@pytest.mark.parametrize("text", ["order 42 is CONFIRMED", "http://gateway:8080/api/v1/orders", "spm_x", "12:30@noon"])
def test_other_words_stay(text: str) -> None:
    assert redacted(text) == text


def test_an_error_keeps_its_kind_and_loses_what_it_quotes() -> None:
    class Model(BaseModel):
        n: int

    with pytest.raises(ValidationError) as caught:
        Model.model_validate({"n": "ann@shop.test"})
    text = redacted_error(f"{caught.value}\nDETAIL:  Failing row contains (ann@shop.test).\nCONTEXT:  line 1")
    assert "ann@shop.test" not in text
    assert "int_parsing" in text


def test_a_log_line_is_json_without_secrets_even_in_its_extras() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "sent %s", (TOKEN,), None)
    record.token = TOKEN
    line = _JsonLog("%(message)s").format(record)
    assert TOKEN not in line
    assert json.loads(line)["message"] == "sent [redacted]"
