"""HTTP as tests ask for it: through kubectl port-forward, on this machine."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

TIMEOUT = 10.0


def read(url: str, headers: Mapping[str, str] | None = None, body: object = None) -> bytes:
    """The body of the answer; a POST when there is one to send. Raises urllib.error.HTTPError."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, dict(headers or {}))  # noqa: S310 - a URL of port-forward's
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
        found: bytes = answer.read()
        return found


def read_json(url: str, headers: Mapping[str, str] | None = None, body: object = None) -> Any:
    return json.loads(read(url, headers, body))


def read_text(url: str) -> str:
    return read(url).decode()


def status(url: str) -> int:
    try:
        read(url)
    except urllib.error.HTTPError as error:
        return error.code
    return 200
