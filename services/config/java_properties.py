"""Java's `.properties`, read and written.

Read as Spring Boot's OriginTrackedPropertiesLoader does, but as the text they are: Spring's takes each byte of a file
for a character of ISO 8859-1.
"""

import re
from collections.abc import Iterator, Mapping

from services.config.broken import BrokenDocumentError
from services.config.scalars import Properties, Scalar, java_text, whole

_LINE_END = re.compile(r"\r\n|\r|\n")
_BLANKS = " \t\f"
_KEY = re.compile(r"(?:[^\\=: \t\f]|\\.?)*", re.DOTALL)
_SEPARATOR = re.compile(r"[ \t\f]*[=:]?[ \t\f]*")
_ITEM = re.compile(r"[ \t\f]*((?:[^\\,]|\\.?)*)(?:,|$)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(u)|(.)|$)", re.DOTALL)
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_PART_END = re.compile(r"[#!]---[ \t\f]*")


def parts(text: str) -> list[dict[str, str]]:
    """The parts of a document, between lines `#---` or `!---`; empty ones are left out. Raises BrokenDocumentError.

    Such a line ends no part when a comment of its kind is just before it, or any comment just behind.
    """
    found: list[dict[str, str]] = []
    part: dict[str, str] = {}
    for kind, line in _lines(text.removeprefix("\ufeff")):
        if kind == "end":
            found += [part] if part else []
            part = {}
        elif kind == "comment":
            part = found.pop() if found and not part else part
        else:
            part.update(_pairs(line))
    return [*found, part] if part else found


def _lines(text: str) -> Iterator[tuple[str, str]]:
    pending: list[str] = []
    comment = ""
    for raw in _LINE_END.split(text):
        line = raw.lstrip(_BLANKS)
        if not pending and line[:1] in {"#", "!"}:
            if line[0] != comment and _PART_END.fullmatch(raw):
                yield "end", ""
            else:
                comment = line[0]
                yield "comment", ""
            continue
        comment = ""
        continues = (len(line) - len(line.rstrip("\\"))) % 2 == 1  # an odd number of backslashes
        pending.append(line[:-1] if continues else line)
        if not continues:
            yield "pair", "".join(pending)
            pending = []
    yield "pair", "".join(pending)


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """What one line says: a key and its value, or with `key[]=a,b` the items of a list."""
    written = _KEY.match(line)
    end = written.end() if written else 0
    separator = _SEPARATOR.match(line, end)
    value = line[separator.end() if separator else end :]
    key = _unescape(line[:end]).strip("".join(map(chr, range(33))))
    if not key:
        return
    if not key.endswith("[]"):
        yield key, _unescape(value)
        return
    items = [item[1] for item in _ITEM.finditer(value)]
    for index, item in enumerate(items[:-1] if len(items) > 1 and not items[-1] else items):
        yield f"{key[:-2]}[{index}]", _unescape(item)


def _unescape(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        if match[2]:
            raise BrokenDocumentError(f"malformed \\uxxxx in {text[:40]!r}")
        return chr(int(match[1], 16)) if match[1] else _CONTROLS.get(match[3], match[3] or "")

    return whole(_ESCAPE.sub(character, text))


def written(properties: Properties | Mapping[str, Scalar]) -> str:
    """One `key: value` line each, as Spring writes them, escaped so that every reader of the format takes them back."""
    return "".join(f"{_escape(key, ' =:#!')}: {_escape(java_text(value), '')}\n" for key, value in properties.items())


def _escape(text: str, special: str) -> str:
    for character in "\\" + special:
        text = text.replace(character, "\\" + character)
    for letter, control in _CONTROLS.items():
        text = text.replace(control, f"\\{letter}")
    text = re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", text)
    return "\\" + text if text.startswith(" ") else text
