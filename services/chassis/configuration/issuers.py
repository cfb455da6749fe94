"""What the name of a tokens' issuer looks like (RFC 8414, section 2; OpenID Connect Discovery 1.0, section 3)."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator

_HOST: Final = r"([A-Za-z0-9_]([-A-Za-z0-9._]*[A-Za-z0-9_])?\.?|\[[0-9A-Fa-f:.]+\])"
_PORT: Final = r"(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
_PATH: Final = r"(/([-A-Za-z0-9._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*)?"
PATTERN: Final = f"^https?://{_HOST}{_PORT}{_PATH}$"
"""The chart's schema has the same, and empty text beside it."""


def checked(text: str) -> str:
    """The name as it is written. Raises ValueError.

    Nothing in it is put right, such as capitals, a default port or a slash at the end: libraries compare it with the
    tokens' `iss` and with what they were told letter by letter (RFC 8414, section 3.3).
    """
    if not re.fullmatch(PATTERN, text):
        raise ValueError(
            "must be an address such as https://shop.example.com or http://127.0.0.1:8080, without a user, a query"
            " and a fragment"
        )
    return text


Issuer = Annotated[str, AfterValidator(checked)]
