"""`GET /openapi.json` and `GET /docs`: what the platform's API is, for programs and for people."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import blake2s, sha256
from pathlib import Path
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.chassis.http.openapi import PATH, part
from services.chassis.http.responses import is_known
from services.gateway.control import Control
from services.gateway.merging import merge
from services.gateway.operations import DESCRIPTION, OPERATIONS
from services.gateway.parts import Part, Parts

_FOLDER: Final = Path(__file__).parent / "docs"


class Description:
    """The merged document, made anew when a part or a route has changed."""

    def __init__(self, control: Control, parts: Parts, service: str) -> None:
        self._control, self._parts = control, parts
        self._own = {service: Part.model_validate(part(service, DESCRIPTION, OPERATIONS))}
        self._made_of: list[object] = []
        self._document = b""
        self._page, self._policy = page()

    def routes(self) -> Sequence[BaseRoute]:
        return [Route(PATH, self.document, methods=["GET"]), Route("/docs", self.docs, methods=["GET"])]

    async def document(self, request: Request) -> Response:
        known, table, limits = self._parts.known, self._control.table, self._control.rate_limits
        if not self._made_of or any(a is not b for a, b in zip(self._made_of, (known, table, limits), strict=True)):
            self._document = orjson.dumps(merge({**known, **self._own}, table, limits=limits))
            self._made_of = [known, table, limits]
        return _tagged(request, self._document, "application/json", {})

    async def docs(self, request: Request) -> Response:
        headers = {"content-security-policy": self._policy, "x-content-type-options": "nosniff"}
        return _tagged(request, self._page, "text/html; charset=utf-8", headers)


def page() -> tuple[bytes, str]:
    """The page, and the Content-Security-Policy that lets exactly its own script and style run."""
    style, script = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("style.css", "script.js"))
    frame = (_FOLDER / "page.html").read_text(encoding="utf-8")
    text = frame.replace("{{style}}", style).replace("{{script}}", script)
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return text.encode(), policy


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _tagged(request: Request, body: bytes, media_type: str, headers: dict[str, str]) -> Response:
    etag = f'"{blake2s(body, digest_size=12).hexdigest()}"'
    headers = {**headers, "etag": etag, "cache-control": "no-cache"}
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
