"""What a path of the read API asks for."""

import re
from dataclasses import dataclass
from typing import Final, cast, get_args

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request

from services.chassis.http.problems import InvalidFields, NotFound
from services.config.environment import names_in
from services.config.rendering import Form

MAX_NAMES: Final = 20

_APPLICATION = re.compile(r"[^\W_][^\x00-\x1f\x7f/,]{0,252}")
_PROFILE = re.compile(r"[^\W_][\w.+@-]{0,252}")
_FILE = re.compile(rf"(?P<application>[^/]+)-(?P<profiles>[^/-]+)\.(?P<form>{'|'.join(get_args(Form))})")
_LIKE_A_FILE = re.compile(rf"\.(?:{'|'.join(get_args(Form))})\b")
_TRUTHS = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Asked:
    """One or several applications with commas between them, profiles, and a label of any kind."""

    application: str
    profiles: tuple[str, ...]
    label: str | None


class _FileConvertor(Convertor[str]):
    regex = re.sub(r"\?P<\w+>", "?:", _FILE.pattern)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("config_file", _FileConvertor())


def asked(application: str, profiles: str, label: str | None = None) -> Asked:
    """`(_)` stands for `/`, as in Spring. Raises NotFound for what can be no name."""
    application = _whole(application)
    names, active = names_in(application), tuple(profiles.split(","))
    if not names or not all(map(_APPLICATION.fullmatch, names)) or not all(map(_PROFILE.fullmatch, active)):
        raise NotFound("Names begin with a letter or a digit; profiles have letters, digits and '-_.+@' alone.")
    if label is None and _LIKE_A_FILE.search(profiles):
        raise NotFound("A file is asked for with its profiles, as in order-default.yml.")
    if max(len(names), len(active)) > MAX_NAMES:
        raise NotFound(f"At most {MAX_NAMES} applications and {MAX_NAMES} profiles can be asked for at once.")
    return Asked(application, active, None if label is None else _whole(label))


def asked_file(request: Request) -> tuple[Asked, Form]:
    """`order-dev.yml`: the profiles are what is behind the last dash. Raises NotFound."""
    parts = _FILE.fullmatch(request.path_params["file"])
    if parts is None:
        raise NotFound("No such document.")
    found = asked(parts["application"], parts["profiles"], request.path_params.get("label"))
    return found, cast("Form", parts["form"])


def resolves_placeholders(request: Request) -> bool:
    """`?resolvePlaceholders=`, true unless it is said. Raises InvalidFields."""
    said = request.query_params.get("resolvePlaceholders", "true").strip().lower()
    if said not in _TRUTHS:
        raise InvalidFields(
            "resolvePlaceholders is true or false.",
            errors=[{"pointer": "?resolvePlaceholders", "detail": "true or false is expected"}],
        )
    return _TRUTHS[said]


def _whole(text: str) -> str:
    return text.replace("(_)", "/")
