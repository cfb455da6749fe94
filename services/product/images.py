"""Serves the drawn pictures."""

from hashlib import blake2s

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.chassis.http.problems import NotFound
from services.chassis.http.responses import is_known
from services.chassis.storage.database import Database
from services.product import repository
from services.product.pictures import draw

# A picture changes only with its product's name or category; an hour may show the former one.
_CACHE = "public, max-age=3600, stale-while-revalidate=86400"


class Images:
    """`GET /images/products/{sku}.svg`, public and cacheable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        return [Route("/images/products/{sku}.svg", self.read, methods=["GET"])]

    async def read(self, request: Request) -> Response:
        sku = str(request.path_params["sku"])
        # PostgreSQL takes no NUL in text, and no sku has one.
        row = None if "\0" in sku else await repository.product_by_sku(self._database, sku)
        if row is None:
            raise NotFound("There is no picture under this name.")
        picture = draw(row.sku, row.name, row.category)
        etag = f'"{blake2s(picture, digest_size=12).hexdigest()}"'
        headers = {"etag": etag, "cache-control": _CACHE, "content-security-policy": "default-src 'none'"}
        if is_known(request, etag):
            return Response(status_code=304, headers=headers)
        return Response(picture, headers=headers, media_type="image/svg+xml")
