"""How the Stripe library's requests travel: its own extension point for an HTTP client, on the chassis' lean one."""

import logging
from collections.abc import Mapping
from typing import Any, NoReturn

import stripe

from services.chassis.http.client import HttpClient

logging.getLogger("stripe").setLevel(logging.WARNING)  # it would tell of every request


class StripeTransport(stripe.HTTPClient):
    """`base` is what the library's URLs begin with."""

    name = "mercato"

    def __init__(self, client: HttpClient, base: str, seconds: float) -> None:
        super().__init__()
        self._client = client
        self._base = base
        self._seconds = seconds

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Raises the library's APIConnectionError, whose cause says whether the request was sent."""
        body = post_data.encode() if post_data is not None else None
        try:
            reply = await self._client.request(
                method.upper(), url.removeprefix(self._base), headers, body, self._seconds
            )
        except (OSError, TimeoutError) as error:
            raise stripe.APIConnectionError(type(error).__name__) from error  # type: ignore[no-untyped-call]
        return reply.body, reply.status, reply.headers

    def request(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError("calls are asynchronous")

    async def close_async(self) -> None:
        """The client is closed by who made it."""
