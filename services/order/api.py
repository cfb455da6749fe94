"""HTTP in: parse, call a use case, render."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.chassis.http.idempotency import REPLAYED, read_key
from services.chassis.http.problems import FieldError, InvalidFields, NotFound
from services.chassis.http.requests import bad_cursor, encode_cursor, page, path_uuid, read_json, text_parameter
from services.chassis.http.responses import json_response
from services.chassis.http.tokens import LONGEST_SUBJECT, Caller, Tokens
from services.chassis.runtime.ids import new_id
from services.chassis.storage.database import Database
from services.chassis.storage.together import Together
from services.chassis.texts.addresses import mailable
from services.order import repository
from services.order.admission.gate import Admission
from services.order.handlers import Handlers, may_see
from services.order.saga import Line, Order, Payment, Status
from services.order.schemas import CancelOrder, PlaceOrder, shown
from services.order.settings import OrderSettings

BASE = "/api/v1/orders"


class Api:
    def __init__(
        self,
        settings: OrderSettings,
        database: Database,
        tokens: Tokens,
        handlers: Handlers,
        admission: Admission,
    ) -> None:
        self._settings = settings
        self._database = database
        self._tokens = tokens
        self._handlers = handlers
        self._admission = admission
        self._orders = Together("orders read", partial(repository.find, database))

    @property
    def resources(self) -> Sequence[AbstractAsyncContextManager[object]]:
        """What reads orders; to be entered before they are asked for."""
        return (self._orders,)

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route(BASE, self.place, methods=["POST"]),
            Route(BASE, self.list, methods=["GET"]),
            Route(BASE + "/{id}", self.read, methods=["GET"]),
            Route(BASE + "/{id}/timeline", self.timeline, methods=["GET"]),
            Route(BASE + "/{id}/cancellation", self.cancel, methods=["POST"]),
        ]

    async def place(self, request: Request) -> Response:
        caller = await self._tokens.verify(request)
        async with self._admission.admitted(request, caller.subject):
            return await self._place(request, caller)

    async def _place(self, request: Request, caller: Caller) -> Response:
        body = await read_json(request, PlaceOrder)
        key = read_key(request, caller.subject, body)
        order = self._new_order(caller, body)
        location = f"{BASE}/{order.id}"
        placed = await self._handlers.place(order, key, location)
        if placed.first:
            headers = {"location": placed.first.location, **REPLAYED}
            return json_response(shown(placed.order), placed.first.status, headers)
        return json_response(shown(placed.order), 202, {"location": location})

    async def list(self, request: Request) -> Response:
        caller = await self._tokens.verify(request)
        wanted = page(request)
        query = request.query_params
        customer: str | None = caller.subject
        text: str | None = None
        if caller.is_admin:
            customer = text_parameter(request, "customer_id", longest=LONGEST_SUBJECT) or None
            text = text_parameter(request, "q") or None
        found = await repository.listed(
            self._database,
            customer_id=customer,
            status=_status(query.get("status")),
            text=text,
            before=_before(wanted.cursor),
            limit=wanted.limit + 1,
        )
        items = found[: wanted.limit]
        more = len(found) > wanted.limit
        return json_response(
            {
                "items": [shown(order) for order in items],
                "next_cursor": encode_cursor(str(items[-1].id)) if more else None,
            }
        )

    async def read(self, request: Request) -> Response:
        return json_response(shown(await self._visible(request)))

    async def timeline(self, request: Request) -> Response:
        order = await self._visible(request)
        return json_response({"items": await repository.timeline(self._database, order.id)})

    async def cancel(self, request: Request) -> Response:
        caller = await self._tokens.verify(request)
        order_id = path_uuid(request, "id")
        empty = request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
        body = CancelOrder() if empty else await read_json(request, CancelOrder)
        order = await self._handlers.cancel(order_id, caller, body.reason)
        return json_response(shown(order), 202)

    async def _visible(self, request: Request) -> Order:
        caller = await self._tokens.verify(request)
        order_id = path_uuid(request, "id")
        order = await self._orders.get(order_id)
        if order is None or not may_see(caller, order):
            raise NotFound("There is no order with this id.")
        return order

    def _new_order(self, caller: Caller, body: PlaceOrder) -> Order:
        expected = body.expected_total
        if expected and expected.currency != self._settings.currency:
            fault: FieldError = {
                "pointer": "/expected_total/currency",
                "detail": f"this shop sells in {self._settings.currency}",
            }
            raise InvalidFields("Some fields are invalid; see errors.", errors=[fault])
        now = datetime.now(UTC)
        return Order(
            id=new_id(),
            customer_id=caller.subject,
            contact_name=caller.name,
            contact_email=_address(caller),
            status=Status.PENDING,
            reason=None,
            version=1,
            lines=tuple(Line(line.product_id, line.quantity) for line in body.lines),
            total=None,
            currency=self._settings.currency,
            expected_total=expected.amount if expected else None,
            shipping_address=body.shipping_address.model_dump(),
            payment=Payment.NONE,
            payment_token=body.payment_method.token,
            created_at=now,
            updated_at=now,
            deadline_at=None,
        )


def _address(caller: Caller) -> str:
    """Where the customer is told of the order. Raises InvalidFields: what is accepted is mailed."""
    address = mailable(caller.email)
    if address is None:
        raise InvalidFields(
            "Your token has no e-mail address that every mail server takes: plain ASCII before the @, and a domain. "
            "Add or change it where you log in, then log in again. MERCATO_CLAIM_EMAIL says which claim it is in."
        )
    return address


def _status(text: str | None) -> Status | None:
    if text is None:
        return None
    try:
        return Status(text)
    except ValueError:
        fault: FieldError = {"pointer": "?status", "detail": f"must be one of {', '.join(Status)}"}
        raise InvalidFields("Some parameters are invalid; see errors.", errors=[fault]) from None


def _before(cursor: str | None) -> UUID | None:
    try:
        return None if cursor is None else UUID(cursor)
    except ValueError:
        raise bad_cursor() from None
