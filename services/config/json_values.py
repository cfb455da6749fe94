"""Values as JSON, as Jackson writes them: a number of any length is a number, what is none is a text."""

import math
from typing import Any

import orjson

from services.config.scalars import Properties, java_text

_LEAST, _BEYOND = -(2**63), 2**64


def writable(properties: Properties) -> dict[str, Any]:
    """For orjson, which refuses whole numbers of more than 64 bits and writes NaN as null."""
    return {key: json_value(value) for key, value in properties.items()}


def json_value(value: Any) -> Any:
    """A value, a list or a map of them."""
    if isinstance(value, dict):
        return {key: json_value(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [json_value(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return java_text(value)
    if isinstance(value, int) and not _LEAST <= value < _BEYOND:
        return orjson.Fragment(str(value))
    return value
