"""HTTP of the notification service."""

from collections.abc import Sequence
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.chassis.http.requests import bad_cursor, encode_cursor, page
from services.chassis.http.responses import json_response
from services.chassis.http.tokens import Tokens
from services.chassis.storage.database import Database
from services.notification import repository
from services.notification.schemas import notification_document


def routes(database: Database, tokens: Tokens) -> Sequence[BaseRoute]:
    """The service's routes."""

    async def notifications(request: Request) -> Response:
        caller = await tokens.verify(request)
        wanted = page(request)
        before = _position(wanted.cursor)
        found = await repository.of_customer(database, caller.subject, before, wanted.limit + 1)
        items = found[: wanted.limit]
        more = len(found) > wanted.limit
        return json_response(
            {
                "items": [notification_document(item) for item in items],
                "next_cursor": encode_cursor(str(items[-1].id)) if more else None,
            }
        )

    return [Route("/api/v1/notifications", notifications, methods=["GET"])]


def _position(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    try:
        return UUID(cursor)
    except ValueError:
        raise bad_cursor() from None
