"""What YAML's scalars mean.

What a plain text means is SnakeYAML 2's (YAML 1.1 with exponents as in 1.2), as Spring Boot uses it: `0777` is octal,
`12:30` base 60, `1e3` a number, `08540` and `2024-05-01` are texts.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from services.config.broken import BrokenDocumentError
from services.config.scalars import Scalar, whole

MAX_DIGITS: Final = 1000
"""A JSON number that is longer is refused by Jackson, and so by every Spring client (StreamReadConstraints)."""

TAG: Final = "tag:yaml.org,2002:"
_MEANINGS: Final = [  # the first that matches; limits are SnakeYAML's
    ("bool", 10, re.compile(r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF")),
    (
        "int",
        1024,
        re.compile(
            r"[-+]?0b_*[01][01_]*|[-+]?0_*[0-7][0-7_]*|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x_*[0-9a-fA-F][0-9a-fA-F_]*"
            r"|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+"
        ),
    ),
    (
        "float",
        1024,
        re.compile(
            r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
            r"|[-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
        ),
    ),
    ("merge", 10, re.compile("<<")),
    ("null", 10, re.compile("~|null|Null|NULL| |")),
]
_FIRST: Final = frozenset("yYnNtTfFoO-+.0123456789<~ ")
"""What a plain text begins with that means anything else than itself."""
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(?:Z|([-+]\d\d?)(?::(\d\d))?))?)?",
    re.ASCII,
)


def plain_tag(text: str) -> str:
    """The tag that a scalar without quotes and without a tag of its own has."""
    if text and text[0] not in _FIRST:
        return f"{TAG}str"
    for tag, limit, pattern in _MEANINGS:
        if len(text) <= limit and pattern.fullmatch(text):
            return TAG + tag
    return f"{TAG}str"


def scalar(tag: str, text: str) -> Scalar | None:
    """The value of a scalar. Raises BrokenDocumentError."""
    read = _READERS.get(tag)
    if read is None:
        raise BrokenDocumentError(f"the tag {tag.replace(TAG, '!!')} is not known here")
    try:
        return read(text)
    except BrokenDocumentError:
        raise
    except (ValueError, OverflowError):
        raise BrokenDocumentError(f"{text[:40]!r} is no {tag.removeprefix(TAG)}") from None


def _bool(text: str) -> bool | None:
    return {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}.get(text.lower())


def _int(text: str) -> int:
    sign, digits = _signed(text)
    if digits[:2] in {"0b", "0x"}:
        value = int(digits[2:], 2 if digits[1] == "b" else 16)
    elif digits != "0" and digits.startswith("0"):
        value = int(digits[1:], 8)
    else:
        value = 0
        for part in digits.split(":"):
            value = value * 60 + int(part)
    if value >= 10**MAX_DIGITS:
        raise BrokenDocumentError(f"a number has more than {MAX_DIGITS} digits: put it in quotes")
    return sign * value


def _float(text: str) -> float:
    sign, digits = _signed(text)
    if digits.lower() in {".inf", ".nan"}:
        return sign * float(digits[1:])
    value = 0.0
    for part in digits.split(":"):
        value = value * 60 + float(part)
    return sign * value


def _signed(text: str) -> tuple[int, str]:
    digits = text.replace("_", "")
    if digits[:1] in {"-", "+"}:
        return (-1 if digits[0] == "-" else 1), digits[1:]
    return 1, digits


def _binary(text: str) -> str:
    try:
        return base64.b64encode(base64.b64decode("".join(text.split()), validate=True)).decode()
    except binascii.Error:
        raise ValueError from None


def _timestamp(text: str) -> str:
    """As Spring's server writes a date: in UTC, with milliseconds."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise ValueError
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    offset = timedelta(hours=abs(int(found[8] or 0)), minutes=int(found[9] or 0))
    zone = timezone(-offset if (found[8] or "").startswith("-") else offset)
    moment = datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    moment += timedelta(milliseconds=round(float(f"0.{found[7] or 0}") * 1000))
    return moment.isoformat(timespec="milliseconds")


_READERS: Final[Mapping[str, Callable[[str], Scalar | None]]] = {
    f"{TAG}null": lambda _: None,
    f"{TAG}bool": _bool,
    f"{TAG}int": _int,
    f"{TAG}float": _float,
    f"{TAG}str": whole,
    f"{TAG}merge": whole,
    f"{TAG}binary": _binary,
    f"{TAG}timestamp": _timestamp,
}
