"""Calls to the simulator as the Stripe library makes them."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import aiohttp

INTENTS = "/v1/payment_intents"


async def exchange(
    api: aiohttp.ClientSession, method: str, path: str, **more: Any
) -> tuple[int, dict[str, Any], Mapping[str, str]]:
    """Status, body and headers."""
    async with api.request(method, path, **more) as response:
        return response.status, await response.json(), response.headers


async def post(
    api: aiohttp.ClientSession, path: str, form: dict[str, str] | None = None, key: str | None = None
) -> tuple[int, dict[str, Any]]:
    headers = {"idempotency-key": key or str(uuid4())}
    async with api.post(path, data=form or {}, headers=headers) as response:
        return response.status, await response.json()


async def get(api: aiohttp.ClientSession, path: str, **parameters: str) -> tuple[int, dict[str, Any]]:
    async with api.get(path, params=parameters) as response:
        return response.status, await response.json()


def authorization(token: str, order_id: str = "order-1", **more: str) -> dict[str, str]:
    form = {"amount": "700", "currency": "eur", "confirm": "true", "capture_method": "manual"}
    return {**form, "payment_method": token, "metadata[order_id]": order_id, **more}


def creation(token: str, order_id: str = "order-1", **more: str) -> dict[str, str]:
    """As `authorization`, but unconfirmed."""
    form = authorization(token, order_id, **more)
    del form["confirm"]
    return form
