"""The base of every request body, and the values all services share."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from typing_extensions import TypedDict

from services.chassis.http.operations import SameAs
from services.chassis.runtime.ids import parse_id
from services.chassis.texts.cards import holds_card_number
from services.chassis.texts.text import holds_control, shows


def _no_control(text: str) -> str:
    if holds_control(text):
        raise ValueError("control characters and line ends are not allowed")
    return text


def _seen(text: str) -> str:
    text = text.strip()
    if text and not shows(text):
        raise ValueError("must show something: these characters are all invisible")
    return text


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("must not be blank")
    return text


def _printable(secret: SecretStr) -> SecretStr:
    _no_control(secret.get_secret_value())
    return secret


def _no_card(text: str) -> str:
    if holds_card_number(text):
        raise ValueError("looks like a card number; send a payment token instead, never card data")
    return text


def _uuid(value: Any) -> Any:
    # Strict mode takes only UUID objects; JSON has strings.
    if isinstance(value, str):
        found = parse_id(value)
        if found is None:
            raise ValueError("must be a UUID")
        return found
    return value


class Body(BaseModel):
    """A request body: JSON types as they are (no coercion), unknown fields refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


Identifier = Annotated[str, AfterValidator(_no_control)]
"""Text that is an identifier (ids, sku, tracking number): digits of any length are fine, control characters are not."""

Text = Annotated[Identifier, AfterValidator(_no_card), AfterValidator(_seen)]
"""Free text by the rule of `services.chassis.texts.text`, without card numbers; may be empty. Blanks around it go."""

Filled = Annotated[Text, AfterValidator(_not_empty)]
"""Free text that says something."""

Secret = Annotated[SecretStr, AfterValidator(_printable)]
"""A password or token that somebody types or sends, a line's end (which files bring along) not among it."""

Uuid = Annotated[UUID, BeforeValidator(_uuid)]


class Money(Body):
    """An amount in integer minor units (cents) of an ISO 4217 currency."""

    amount: int = Field(ge=0, le=2**53 - 1)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class _Money(TypedDict):
    amount: int
    currency: str


MoneyDocument = Annotated[_Money, SameAs(Money)]
"""Money as answers are written with it: a plain dict."""
