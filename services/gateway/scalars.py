"""The single values of routes and policies: durations, sizes, names and expressions, as Envoy takes them.

What is let through here and refused by Envoy would be refused with all that is in the same file: no later change of any
route would come into force. So the bounds are Envoy's.
"""

import re
from typing import Annotated, Any, Final, Literal

import re2
from pydantic import AfterValidator, BeforeValidator, Field

MAX_PROGRAM: Final = 1000
"""Instructions of a compiled expression; Envoy is told the same bound where it starts."""
_UINT32: Final = 2**32 - 1
_SHORTEST_INTERVAL: Final = 0.05
_DURATION: Final = re.compile(r"(?:[0-9]{1,5}(?:h|ms|m|s)){1,4}")  # GEP-2257
_DURATION_PART: Final = re.compile(r"([0-9]+)(h|ms|m|s)")
_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_SIZE: Final = re.compile(r"([1-9][0-9]{0,8})(|Ki|Mi)")
_BYTES: Final = {"": 1, "Ki": 1024, "Mi": 1024 * 1024}


def _seconds(value: Any) -> float:
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise ValueError("must be a duration such as 500ms, 15s or 1m30s")
    return sum(int(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(value))


def _some_time(value: float) -> float:
    if not value:
        raise ValueError("must be longer than 0s")
    return value


def _interval(value: float) -> float:
    if value < _SHORTEST_INTERVAL:
        raise ValueError("must be at least 50ms")
    return value


def _bytes(value: Any) -> int:
    size = _SIZE.fullmatch(str(value)) if isinstance(value, str | int) else None
    if size is None:
        raise ValueError("must be a size such as 65536, 512Ki or 1Mi")
    number = int(size[1]) * _BYTES[size[2]]
    if number > _UINT32:
        raise ValueError("must be less than 4096Mi")
    return number


def _modifiable(value: str) -> str:
    if value.lower() == "host":
        raise ValueError("Host cannot be changed")
    return value


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


_OPTIONS: Final = _options()


def check_expression(value: str) -> None:
    """Raises ValueError when Envoy would not take it: its regular expressions are RE2's."""
    try:
        size = re2.compile(value, _OPTIONS).programsize
    except re2.error as error:
        told = error.args[0] if error.args else error
        reason = told.decode(errors="replace") if isinstance(told, bytes) else told
        raise ValueError(f"is not a regular expression of RE2: {reason}") from None
    if size > MAX_PROGRAM:
        raise ValueError(f"is too large a regular expression: {size} steps, at most {MAX_PROGRAM}")


def fully_matches(expression: str, text: str) -> bool:
    """Whether an expression that was checked takes the whole text."""
    return re2.compile(expression, _OPTIONS).fullmatch(text) is not None


Seconds = Annotated[float, BeforeValidator(_seconds)]
SomeTime = Annotated[Seconds, AfterValidator(_some_time)]
Interval = Annotated[Seconds, AfterValidator(_interval)]
Bytes = Annotated[int, BeforeValidator(_bytes)]
Count = Annotated[int, Field(ge=1, le=_UINT32)]
Percent = Annotated[int, Field(ge=0, le=100)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
ObjectName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}$")]
ModifiableHeaderName = Annotated[HeaderName, AfterValidator(_modifiable)]
HeaderValue = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[\x20-\x7e]+$")]
Method = Literal["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
