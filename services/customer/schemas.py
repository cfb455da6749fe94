"""What callers send, and what we answer."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, SecretStr
from typing_extensions import TypedDict

from services.chassis.http.schemas import Body, Filled, Identifier, Secret
from services.customer import emails


def _long_enough(password: SecretStr) -> SecretStr:
    # Length is what counts (NIST SP 800-63B, section 3.1.1.2), so there are no rules on which characters to use.
    if not 8 <= len(password.get_secret_value()) <= 256:
        raise ValueError("must have 8 to 256 characters")
    return password


Email = Annotated[
    Identifier, Field(max_length=320, json_schema_extra={"format": "email"}), AfterValidator(emails.checked)
]
Name = Annotated[Filled, Field(min_length=1, max_length=200)]
NewPassword = Annotated[
    Secret, AfterValidator(_long_enough), Field(json_schema_extra={"minLength": 8, "maxLength": 256})
]


class SignUp(Body):
    """`POST /api/v1/customers`."""

    email: Email
    name: Name
    password: NewPassword


class LogIn(Body):
    """`POST /api/v1/tokens`. Loose on purpose: what could never be right is answered as wrong, not as invalid.

    But for control characters, which are refused everywhere.
    """

    email: Annotated[Identifier, Field(max_length=320)]
    password: Secret = Field(max_length=1024)


class Refresh(Body):
    """`POST /api/v1/tokens/refresh` and `…/revocation`."""

    refresh_token: Secret = Field(min_length=1, max_length=512)


class PasswordGrant(BaseModel):
    """A log-in as a form (RFC 6749, section 4.3.2); `username` is the e-mail. Parameters beside these are ignored."""

    grant_type: Literal["password"]
    username: Annotated[Identifier, Field(max_length=320)]
    password: Secret = Field(max_length=1024)


class RefreshGrant(BaseModel):
    """A refresh as a form (RFC 6749, section 6). Parameters beside these are ignored."""

    grant_type: Literal["refresh_token"]
    refresh_token: Secret = Field(min_length=1, max_length=512)


class Revocation(BaseModel):
    """The end of a session as a form (RFC 7009); `token` is a refresh token. Parameters beside it are ignored."""

    token: Secret = Field(min_length=1, max_length=4096)


class Customer(BaseModel):
    """A customer as the API shows one."""

    id: UUID
    email: str
    name: str


class TokenPair(BaseModel):
    """RFC 6749, section 5.1; `expires_in` in seconds."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the scheme's name
    expires_in: int
    refresh_token: str


class OAuthError(TypedDict):
    """RFC 6749, section 5.2: what a form is answered with when it is refused."""

    error: str
    error_description: str


class OpenIdConfiguration(TypedDict):
    """What a library needs to get and verify our tokens (OpenID Connect Discovery 1.0, section 3; RFC 8414)."""

    issuer: str
    jwks_uri: str
    token_endpoint: str
    token_endpoint_auth_methods_supported: list[str]
    revocation_endpoint: str
    revocation_endpoint_auth_methods_supported: list[str]
    grant_types_supported: list[str]
    response_types_supported: list[str]
    subject_types_supported: list[str]
    id_token_signing_alg_values_supported: list[str]
    claims_supported: list[str]
