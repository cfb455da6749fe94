"""The values of Secrets, and how each kind is made."""

import secrets
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

Kind = Literal["password", "signing-key", "stripe-api-key", "stripe-webhook-secret", "kafka-cluster-id"]


class InvalidDeclarationError(ValueError):
    """What is to be made is not declared as it must be; the text names the place."""


class Declared(BaseModel):
    """How one value is made: generated, or given in plain text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    generate: Kind | None = None
    value: str | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "Declared":
        if (self.generate is None) == (self.value is None):
            raise ValueError("give either `generate` or `value`")
        return self

    def make(self) -> str:
        """A fresh value each time it is generated."""
        return self.value if self.generate is None else GENERATORS[self.generate]()  # type: ignore[return-value]


Secrets = Mapping[str, Mapping[str, Declared]]
"""By name of the Secret and key."""


def read(text: str) -> Secrets:
    """The declaration in JSON. Raises InvalidDeclarationError."""
    try:
        return TypeAdapter(dict[str, dict[str, Declared]]).validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise InvalidDeclarationError(f"MERCATO_SECRETS: {where}: {first['msg']}") from None


def _signing_key() -> str:
    """RS256: RSA of 2048 bits, PKCS #8 PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode()


GENERATORS: Mapping[Kind, Callable[[], str]] = {
    # Hexadecimal: no file or command line takes a character of it for syntax.
    "password": lambda: secrets.token_hex(24),
    "signing-key": _signing_key,
    "stripe-api-key": lambda: f"sk_test_{secrets.token_hex(24)}",
    "stripe-webhook-secret": lambda: f"whsec_{secrets.token_hex(24)}",
    "kafka-cluster-id": lambda: urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="),
}
