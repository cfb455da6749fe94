"""Reads through the gateway as fast as they are answered, and what the gateway itself costs, its limits on."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cli.bench.asking import CONNECTIONS, ask, get
from cli.bench.customers import stocked
from cli.bench.processes import core_milliseconds, processor_seconds
from cli.bench.run import Stage
from cli.instance import Instance
from cli.platform.client import Token

SECONDS = 5.0
OWNERS = 64
"""A connection each: the gateway lets a customer make a hundred requests a second."""
ORDERS_EACH = 3
REST_SECONDS = 3.0
"""Between two, so that a client's limits are whole again."""

UNKNOWN = "/no-such-path"
OVER_LIMIT = f"/api/v1/orders/{'0' * 8}-0000-7000-8000-{'0' * 12}"


@dataclass(frozen=True, slots=True)
class Reads:
    """`others` counts answers of another status than the one asked for, as those of a limit that was met."""

    what: str
    per_second: float
    others: int
    core_ms: dict[str, float]
    """Of one answer, by process."""

    @property
    def envoy_per_core(self) -> float:
        """Requests a second that one core of Envoy's would take."""
        cost = self.core_ms.get("envoy", 0.0)
        return 1000 / cost if cost else 0.0

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "core_ms_total": round(sum(self.core_ms.values()), 4), "envoy_per_core": self._per_core}

    @property
    def _per_core(self) -> float:
        return round(self.envoy_per_core, 1)


async def envoy_answers(instance: Instance) -> Reads:
    """Of a path that is none: Envoy answers without any service."""
    request = get(instance.gateway_url, UNKNOWN)
    return await _measured(instance, "unknown path, answered by Envoy", [[request]] * CONNECTIONS, "404")


async def reads(stage: Stage) -> list[Reads]:
    """Raises PlatformError when the platform is not fit to be read from."""
    instance, url = stage.instance, stage.instance.gateway_url
    owners = await stage.customers.tokens(OWNERS, 300)
    products = await stocked(stage.client, instance, OWNERS * ORDERS_EACH)
    by_id = [get(url, f"/api/v1/products/{product}") for product in products]
    stage.say("reading products, orders, and what Envoy answers itself …")
    results = [await _measured(instance, "product by id", [by_id[n:] + by_id[:n] for n in range(CONNECTIONS)], "200")]
    own = [
        [get(url, f"/api/v1/orders/{one}", token.access) for one in ids]
        for token, ids in await _orders(stage, owners, products)
    ]
    results.append(await _measured(instance, f"order by its owner, {OWNERS} of them", own, "200"))
    results.append(await envoy_answers(instance))
    await asyncio.sleep(REST_SECONDS)
    checked = get(url, OVER_LIMIT, owners[0].access)
    results.append(
        await _measured(instance, "token and limits checked, then refused by Envoy", [[checked]] * CONNECTIONS, "429")
    )
    return results


async def _orders(stage: Stage, owners: Sequence[Token], products: Sequence[str]) -> list[tuple[Token, list[str]]]:
    """Orders of each owner, at rest."""
    placed: list[tuple[Token, list[str]]] = []
    for number, token in enumerate(owners):
        lines = {products[number % len(products)]: 1}
        keys = [f"bench-{secrets.token_hex(8)}" for _ in range(ORDERS_EACH)]
        placed.append((token, [(await stage.client.place(token, lines, key))["id"] for key in keys]))
    await asyncio.sleep(REST_SECONDS)
    return placed


async def _measured(instance: Instance, what: str, requests: Sequence[Sequence[bytes]], wanted: str) -> Reads:
    before = processor_seconds(instance.processes())
    statuses, took = await ask(instance.gateway_url, requests, SECONDS)
    after = processor_seconds(instance.processes())
    answers = statuses.total()
    spent = core_milliseconds(before, after, answers)
    kept = {name: round(value, 4) for name, value in spent.items() if value >= 0.0005}
    return Reads(what, round(statuses[wanted] / took, 1), answers - statuses[wanted], kept)


def lines(results: Sequence[Reads]) -> list[str]:
    """For people."""
    text = [
        f"reads, {CONNECTIONS} connections, for {SECONDS:.0f} s each",
        f"  {'':<50}{'':>10}{'core-ms':>10}{'Envoy':>9}{'a core of':>12}",
        f"  {'':<50}{'answers/s':>10}{'each':>10}{'alone':>9}{'Envoy':>12}",
    ]
    for one in results:
        others = f", {one.others} others" if one.others else ""
        text.append(
            f"  {one.what + others:<50}{one.per_second:>10,.0f}{sum(one.core_ms.values()):>10.3f}"
            f"{one.core_ms.get('envoy', 0.0):>9.4f}{one.envoy_per_core:>10,.0f}/s"
        )
        ranked = sorted(one.core_ms.items(), key=lambda item: -item[1])
        text.append("    " + ", ".join(f"{name} {value:.3f}" for name, value in ranked))
    return text
