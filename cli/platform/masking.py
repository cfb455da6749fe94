"""Payment tokens are shown to nobody."""

import json
import re
from typing import Any

MASK = "****"
_SECRET_NAMES = {"token", "payment_token", "password", "access_token", "refresh_token"}
# Payment methods and tokens as the provider writes them, wherever they stand.
_TOKEN = re.compile(r"\b(?:pm|tok|src|card)_[A-Za-z0-9_]+")


def masked(value: bytes) -> str:
    """A message's data for people: indented JSON where it is JSON, else text; without any payment token."""
    try:
        document = json.loads(value)
    except ValueError:
        return _TOKEN.sub(MASK, value.decode(errors="replace"))
    return json.dumps(_masked(document), indent=2, ensure_ascii=False)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: MASK if name.lower() in _SECRET_NAMES and inner is not None else _masked(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_masked(inner) for inner in value]
    return _TOKEN.sub(MASK, value) if isinstance(value, str) else value
