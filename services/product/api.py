"""HTTP in: parse, call a use case, render."""

from collections.abc import Awaitable, Sequence
from hashlib import blake2s
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.chassis.http import idempotency
from services.chassis.http.problems import InvalidFields
from services.chassis.http.requests import Page, bad_cursor, encode_cursor, page, path_uuid, read_json, text_parameter
from services.chassis.http.responses import json_bytes, json_response
from services.chassis.http.schemas import Money
from services.chassis.http.tokens import Caller, Tokens, require_admin
from services.chassis.storage.database import Database
from services.chassis.texts import currencies
from services.product import repository, search
from services.product.commands import Commands, found
from services.product.copies import Copies, Copy
from services.product.schemas import (
    Adjustment,
    NewProduct,
    ProductDocument,
    ProductRow,
    StockMoveDocument,
    entity_tag,
    move_document,
    product_document,
)

PRODUCTS: Final = "/api/v1/products"


class Api:
    """The catalog and its stock; `currency` is the one all prices are in."""

    def __init__(self, database: Database, tokens: Tokens, currency: str) -> None:
        self._database = database
        self._commands = Commands(database)
        self._tokens = tokens
        self._currency = currency
        self._copies = Copies()

    def routes(self) -> list[Route]:
        return [
            Route(PRODUCTS, self.products, methods=["GET", "POST"]),
            Route(PRODUCTS + "/{id}", self.read, methods=["GET"]),
            Route(PRODUCTS + "/{id}/stock-adjustments", self.adjust, methods=["POST"]),
            Route(PRODUCTS + "/{id}/stock-moves", self.list_moves, methods=["GET"]),
            Route(PRODUCTS + "/{id}/stock-moves/{move}", self.read_move, methods=["GET"]),
        ]

    async def products(self, request: Request) -> Response:
        # One route, so that a wrong method is told of both.
        return await (self.create(request) if request.method == "POST" else self.list(request))

    async def list(self, request: Request) -> Response:
        """Active products: by name, or the best match of `?q=` first."""
        asked, category, asked_page = text_parameter(request, "q"), text_parameter(request, "category"), page(request)
        after = _after(asked_page)

        def fill() -> Awaitable[Copy]:
            return self._page(asked, category, asked_page, after)

        # What one person types, few others do.
        copy = await (fill() if asked else self._copies.get((category, after, asked_page.limit), fill))
        return copy.answer(request)

    async def _page(self, asked: str, category: str, wanted: Page, after: UUID | None) -> Copy:
        query = search.asked(asked) if asked else None
        rows = []
        # Words without a letter or digit are found in no product.
        if query is not None or not asked:
            rows = await repository.list_products(
                self._database, query=query, category=category or None, after=after, limit=wanted.limit + 1
            )
        body = json_bytes(_page_document([product_document(row) for row in rows], wanted))
        return Copy(body, f'"{blake2s(body, digest_size=12).hexdigest()}"')

    async def read(self, request: Request) -> Response:
        """One product, active or archived; its ETag begins with its version."""
        key = request.path_params["id"]
        return (await self._copies.get(key, lambda: self._product(path_uuid(request, "id")))).answer(request)

    async def _product(self, product_id: UUID) -> Copy:
        row = found(await repository.product_by_id(self._database, product_id))
        return Copy(json_bytes(product_document(row)), entity_tag(row))

    async def create(self, request: Request) -> Response:
        await self._admin(request)
        new = await read_json(request, NewProduct)
        self._sellable(new.price)
        row = await self._commands.create(new)
        self._copies.forget()
        return _product_response(row, 201, {"location": f"{PRODUCTS}/{row.id}"})

    async def adjust(self, request: Request) -> Response:
        """Under an Idempotency-Key: a repeat answers as the first did, and moves nothing."""
        caller = await self._admin(request)
        product_id = path_uuid(request, "id")
        adjustment = await read_json(request, Adjustment)
        key = idempotency.read_key(request, caller.subject, adjustment)
        adjusted = await self._commands.adjust(product_id, adjustment, key, 201, f"{PRODUCTS}/{product_id}/stock-moves")
        if not adjusted.repeated:
            self._copies.forget()
        headers = {"location": adjusted.location, **(idempotency.REPLAYED if adjusted.repeated else {})}
        return json_response(move_document(adjusted.move), adjusted.status, headers)

    async def list_moves(self, request: Request) -> Response:
        """Adjustments of a product, newest first."""
        await self._admin(request)
        product_id, asked_page = path_uuid(request, "id"), page(request)
        rows = await self._commands.moves(product_id, after=_after(asked_page), limit=asked_page.limit + 1)
        return json_response(_page_document([move_document(row) for row in rows], asked_page))

    async def read_move(self, request: Request) -> Response:
        await self._admin(request)
        product_id, move_id = path_uuid(request, "id"), path_uuid(request, "move")
        return json_response(move_document(await self._commands.move(product_id, move_id)))

    def _sellable(self, price: Money) -> None:
        """Raises InvalidFields for what no card could be charged: quantities only multiply it."""
        step = currencies.step(self._currency)
        if price.currency != self._currency:
            pointer, detail = "/price/currency", f"must be {self._currency}, the currency of this installation"
        elif price.amount % step:
            detail = (
                f"must be a multiple of {step} minor units: cards are not charged smaller parts of {self._currency}"
            )
            pointer = "/price/amount"
        else:
            return
        raise InvalidFields("Some fields are invalid; see errors.", errors=[{"pointer": pointer, "detail": detail}])

    async def _admin(self, request: Request) -> Caller:
        caller = await self._tokens.verify(request)
        require_admin(caller)
        return caller


def _product_response(row: ProductRow, status: int, headers: dict[str, str]) -> Response:
    return json_response(product_document(row), status, {"etag": entity_tag(row), **headers})


def _page_document(items: Sequence[ProductDocument] | Sequence[StockMoveDocument], asked: Page) -> dict[str, object]:
    """`items` holds one more than was asked for when there is a next page."""
    more = len(items) > asked.limit
    items = items[: asked.limit]
    return {"items": items, "next_cursor": encode_cursor(str(items[-1]["id"])) if more else None}


def _after(asked: Page) -> UUID | None:
    """The cursor of all lists here is the id of the last item. Raises InvalidFields."""
    if asked.cursor is None:
        return None
    try:
        return UUID(asked.cursor)
    except ValueError:
        raise bad_cursor() from None
