"""Runs inside the cluster: places orders at a steady rate through the gateway's Service, until it is told to stop.

Usage: python steady_load.py RATE FOLDER. Each order has one Idempotency-Key, with which it is sent until it is
accepted; each is then read back once, and at the end until it has come to rest. All answers are counted, and written to
FOLDER/result.json. Ends when FOLDER/stop exists, or after 15 minutes.
"""

import asyncio
import json
import random
import sys
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp

GATEWAY = "http://gateway"
LONGEST = 900.0
GIVE_UP = 120.0
"""Seconds one order is tried for."""
REST = 90.0
"""Seconds an order may take to come to rest once the load has ended."""
CUSTOMERS = 5
SHOWN = 30
AT_REST = {"CONFIRMED", "REJECTED", "CANCELLED", "SHIPPED", "DELIVERED"}
ADDRESS = {"name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "country": "GB"}


class Load:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.answers: Counter[str] = Counter()
        self.troubles: list[dict[str, Any]] = []
        """What a client must never see: anything but the answer or a 503 with Retry-After."""
        self.accepted: dict[str, str] = {}
        """Order id → token of its customer."""
        self.doubled: list[str] = []
        self.given_up = 0
        self.slowest = 0.0

    async def call(self, method: str, path: str, wanted: int, **more: Any) -> Any:
        """The JSON answered with the status `wanted`; None when there was another answer, or none."""
        began = time.monotonic()
        try:
            async with self._session.request(method, GATEWAY + path, **more) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._trouble(method, path, type(error).__name__, str(error))
            return None
        self.slowest = max(self.slowest, time.monotonic() - began)
        if response.status == wanted:
            self.answers[f"{method} {wanted}"] += 1
            return json.loads(body)
        if response.status == 503 and "retry-after" in response.headers:
            self.answers[f"{method} 503, retryable"] += 1
        else:
            self._trouble(method, path, str(response.status), body.decode(errors="replace")[:300])
        return None

    def _trouble(self, method: str, path: str, what: str, detail: str) -> None:
        self.answers[f"{method} {what}"] += 1
        if len(self.troubles) < SHOWN:
            at = time.strftime("%H:%M:%S", time.gmtime())
            self.troubles.append({"at": at, "call": f"{method} {path}", "what": what, "detail": detail})

    async def customer(self, deadline: float) -> str:
        person = {"email": f"load-{uuid.uuid4().hex}@mercato.example", "password": uuid.uuid4().hex}
        await self.surely("POST", "/api/v1/customers", 201, deadline, json={**person, "name": "Ada Lovelace"})
        answer = await self.surely("POST", "/api/v1/tokens", 200, deadline, json=person)
        return str(answer["access_token"])

    async def surely(self, method: str, path: str, wanted: int, deadline: float, **more: Any) -> Any:
        """Again until it is answered as wanted, as a good client does: each time later. None after the deadline."""
        pause = 0.5
        while (answer := await self.call(method, path, wanted, **more)) is None:
            if time.monotonic() > deadline:
                return None
            await asyncio.sleep(random.uniform(pause / 2, pause))
            pause = min(pause * 2, 5.0)
        return answer

    async def order(self, token: str, products: list[str]) -> None:
        body = {
            "lines": [{"product_id": product, "quantity": 1} for product in random.sample(products, 2)],
            "shipping_address": ADDRESS,
            "payment_method": {"type": "card", "token": "pm_card_visa"},
        }
        headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid.uuid4())}
        deadline = time.monotonic() + GIVE_UP
        answer = await self.surely("POST", "/api/v1/orders", 202, deadline, json=body, headers=headers)
        if answer is None:
            self.given_up += 1
            return
        if answer["id"] in self.accepted:
            self.doubled.append(answer["id"])
        self.accepted[answer["id"]] = token
        await self.call(
            "GET", f"/api/v1/orders/{answer['id']}", 200, headers={"authorization": headers["authorization"]}
        )

    async def rest(self, order_id: str, token: str, deadline: float) -> str:
        headers = {"authorization": f"Bearer {token}"}
        while True:
            answer = await self.surely("GET", f"/api/v1/orders/{order_id}", 200, deadline, headers=headers)
            if answer is None:
                return "NOT READ"
            if answer["status"] in AT_REST:
                return " ".join(filter(None, (answer["status"], answer["reason"])))
            if time.monotonic() > deadline:
                return f"NOT AT REST: {answer['status']}"
            await asyncio.sleep(1)


async def main(rate: float, folder: Path) -> None:
    stop = folder / "stop"
    limits = aiohttp.ClientTimeout(total=30, connect=10)
    connector = aiohttp.TCPConnector(limit=1000)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(timeout=limits, connector=connector, cookie_jar=jar) as session:
        load = Load(session)
        started = time.monotonic()
        tokens = [await load.customer(started + 60) for _ in range(CUSTOMERS)]
        items = (await load.surely("GET", "/api/v1/products?limit=100", 200, started + 60))["items"]
        products = [item["id"] for item in items if item["available"] > 0]
        load.answers.clear()
        load.troubles.clear()
        (folder / "running").touch()
        started, sent, tasks = time.monotonic(), 0, set()
        while not stop.exists() and time.monotonic() < started + LONGEST:
            await asyncio.sleep(max(0.0, started + sent / rate - time.monotonic()))
            task = asyncio.create_task(load.order(tokens[sent % len(tokens)], products))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            sent += 1
        seconds = time.monotonic() - started
        await asyncio.gather(*tasks)
        under_load = dict(load.answers), list(load.troubles)
        gate, deadline = asyncio.Semaphore(20), time.monotonic() + REST

        async def rested(order_id: str, token: str) -> str:
            async with gate:
                return await load.rest(order_id, token, deadline)

        ends = Counter(await asyncio.gather(*(rested(*one) for one in load.accepted.items())))
    result = {
        "seconds": round(seconds, 1),
        "sent": sent,
        "accepted": len(load.accepted),
        "given_up": load.given_up,
        "doubled": load.doubled,
        "answers": under_load[0],
        "troubles": under_load[1],
        "slowest": round(load.slowest, 2),
        "ends": dict(ends),
    }
    (folder / "result.part").write_text(json.dumps(result))
    (folder / "result.part").rename(folder / "result.json")


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), Path(sys.argv[2])))
