"""HTTP of the loyalty service, and what it says of it."""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from typing_extensions import TypedDict

from loyalty import repository
from services.chassis.http.operations import Answer, Content, Operation
from services.chassis.http.responses import json_response
from services.chassis.http.tokens import Tokens
from services.chassis.storage.database import Database

PATH: Final = "/api/v1/loyalty/me"
DESCRIPTION: Final = "Points for what customers buy."


class AccountDocument(TypedDict):
    """A customer's points."""

    points: Annotated[int, Field(ge=0)]
    orders: Annotated[int, Field(ge=0, description="How many orders they are from.")]


OPERATIONS: Final = (
    Operation(
        method="GET",
        path=PATH,
        name="readLoyalty",
        summary="Read the caller's points",
        answers=[
            Answer(
                status=200,
                description="The points.",
                content=Content(type=AccountDocument, example={"points": 42, "orders": 2}),
            )
        ],
    ),
)


def routes(database: Database, tokens: Tokens) -> Sequence[BaseRoute]:
    """The service's routes."""

    async def me(request: Request) -> Response:
        caller = await tokens.verify(request)
        found = await repository.account(database, caller.subject)
        return json_response({"points": found.points, "orders": found.orders})

    return [Route(PATH, me, methods=["GET"])]
