"""Settings of the customer service."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, SecretStr

from services.chassis.configuration.settings import ServiceSettings, reloadable
from services.chassis.http.schemas import Secret
from services.chassis.texts.addresses import mailable


def _mailable(text: str) -> str:
    # More than sign-up takes: an administrator may be at a host without a domain.
    address = mailable(text)
    if address is None:
        raise ValueError("must be an e-mail address in plain ASCII, such as admin@shop.example")
    return address


class CustomerSettings(ServiceSettings):
    """Keys, secrets and limits of signing people in."""

    service: ClassVar[str] = "customer"

    signing_keys_directory: Path = Field(
        Path("/etc/mercato/signing-keys"),
        description="folder of private keys (`*.pem`), RSA of 2048 to 4096 bits (RS256) or ECDSA P-256 (ES256); "
        "the last by name signs, all are published",
    )
    refresh_secret: SecretStr = Field(min_length=16, description="keys the derivation of successor refresh tokens")
    admin_email: Annotated[str, AfterValidator(_mailable)] | None = Field(
        None, description="e-mail of the first administrator; none: no one is made"
    )
    admin_password: Secret | None = Field(None, description="password of the first administrator, used once")

    access_token_seconds: int = reloadable(900, ge=30, le=86_400)
    refresh_token_days: int = reloadable(30, ge=1, le=365)
    wrong_passwords_at_once: int = reloadable(10, ge=1, description="wrong passwords an e-mail may have in a row")
    wrong_password_refill_seconds: int = reloadable(30, ge=1, description="time after which one more is allowed")
    password_threads: int = Field(2, ge=1, le=32, description="passwords hashed at the same time")
    password_queue: int = Field(200, ge=1, description="passwords that may wait to be hashed; more are answered 503")
