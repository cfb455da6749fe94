"""HTTP of the mail catcher: messages as JSON, and an inbox for people."""

from collections.abc import Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from services.chassis.http.problems import InvalidFields, NotFound
from services.chassis.http.requests import path_uuid
from services.chassis.http.responses import json_response
from tryout.mailcatcher import pages
from tryout.mailcatcher.mailbox import Mailbox, entry_of
from tryout.mailcatcher.reading import Letter, read

_MOST = 1000
_MOST_IDS = 10_000
_ON_A_PAGE = 50


def routes(mailbox: Mailbox) -> Sequence[BaseRoute]:
    """The routes."""

    def letters(to: str | None, order: str | None, before: str | None, limit: int) -> list[Letter]:
        found = mailbox.find(to, order, before, limit)
        return [read(entry, raw) for entry in found if (raw := mailbox.read(entry.id)) is not None]

    def letter(message_id: str) -> Letter:
        raw = mailbox.read(message_id)
        if raw is None:
            raise NotFound("There is no message with this id.")
        return read(entry_of(message_id, raw), raw)

    async def listed(request: Request) -> Response:
        query = request.query_params
        found = await run_in_threadpool(
            letters, query.get("to"), query.get("order"), query.get("before"), _limit(request, _MOST)
        )
        return json_response([_summary(one) for one in found])

    async def message_ids(request: Request) -> Response:
        """From the index in memory: counting 10,000 mails opens none of them."""
        limit = _limit(request, _MOST_IDS)
        found = await run_in_threadpool(mailbox.find, None, None, request.query_params.get("before"), limit)
        return json_response([{"id": one.id, "message_id": one.message_id} for one in found])

    async def single(request: Request) -> Response:
        one = await run_in_threadpool(letter, str(path_uuid(request, "id")))
        return json_response({**_summary(one), "html": one.html, "headers": [list(pair) for pair in one.headers]})

    async def inbox(request: Request) -> Response:
        query = request.query_params
        found = await run_in_threadpool(
            letters, query.get("to") or None, query.get("order") or None, query.get("before"), _ON_A_PAGE
        )
        return HTMLResponse(pages.inbox(found, dict(query), more=len(found) == _ON_A_PAGE), headers=pages.HEADERS)

    async def shown(request: Request) -> Response:
        one = await run_in_threadpool(letter, str(path_uuid(request, "id")))
        return HTMLResponse(pages.letter(one), headers=pages.HEADERS)

    return [
        Route("/messages", listed, methods=["GET"]),
        Route("/messages/{id}", single, methods=["GET"]),
        Route("/message-ids", message_ids, methods=["GET"]),
        Route("/", inbox, methods=["GET"]),
        Route("/inbox/{id}", shown, methods=["GET"]),
    ]


def _summary(letter: Letter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "from": letter.sender,
        "to": list(letter.to),
        "subject": letter.subject,
        "message_id": letter.message_id,
        "order_id": letter.order_id,
        "received_at": letter.received_at,
        "text": letter.text,
    }


def _limit(request: Request, most: int) -> int:
    text = request.query_params.get("limit", "100")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= most):
        raise InvalidFields(
            "Some parameters are invalid; see errors.",
            errors=[{"pointer": "?limit", "detail": f"must be a whole number from 1 to {most}"}],
        )
    return int(text)
