"""Calls to the simulator as the Stripe library makes them."""

from typing import Any
from uuid import uuid4

import aiohttp

INTENTS = "/v1/payment_intents"


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
