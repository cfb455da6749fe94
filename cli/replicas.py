"""How many of each service: the `--replicas SERVICE=N` option."""

import click

from cli.layout import REPLICATED

MOST = 9


class Replicas(click.ParamType[tuple[str, int]]):
    """`order=2` becomes `("order", 2)`; anything else is wrong usage (exit code 2)."""

    name = "SERVICE=N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        service, _, count = str(value).partition("=")
        if service not in REPLICATED:
            self.fail(f"unknown service {service!r}: one of {', '.join(REPLICATED)}", param, ctx)
        if not (count.isascii() and count.isdigit() and 1 <= int(count) <= MOST):
            self.fail(f"{value!r}: the number must be from 1 to {MOST}, as in {service}=2", param, ctx)
        return service, int(count)


def names(service: str, count: int) -> list[str]:
    """Process names: `order`, `order-2`, …"""
    return [service, *(f"{service}-{number}" for number in range(2, count + 1))]
