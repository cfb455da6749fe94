"""Holds what a service says of its HTTP API against the routes it has, and puts the platform's document together."""

from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute, Route

from services.chassis.http.openapi import part
from services.chassis.http.operations import Operation
from services.gateway.documents import read
from services.gateway.merging import merge
from services.gateway.parts import Part
from services.gateway.routes import RouteTable, build

ROOT = Path(__file__).parents[2]
SERVICES = tuple(sorted({file.parent.name for file in ROOT.glob("services/*/operations.py")} - {"chassis"}))
"""Those that the gateway routes to."""


def calls(routes: Sequence[BaseRoute]) -> list[tuple[str, str]]:
    """(method, path) of every route, in order; HEAD comes with GET."""
    found = [route for route in routes if isinstance(route, Route)]
    assert len(found) == len(routes)
    return sorted((method, route.path) for route in found for method in (route.methods or set()) - {"HEAD"})


def described(operations: Iterable[Operation]) -> list[tuple[str, str]]:
    """(method, path) of every operation, in order."""
    return sorted((operation.method, operation.path) for operation in operations)


def operations_of(service: str) -> Sequence[Operation]:
    return tuple(import_module(f"services.{service}.operations").OPERATIONS)


def route_table() -> RouteTable:
    """Of the shipped routes."""
    return build(read(ROOT / "gateway-config"), set(SERVICES), "mercato")


def document() -> dict[str, Any]:
    """The platform's, as the gateway makes it."""
    parts = {}
    for service in SERVICES:
        room = import_module(f"services.{service}.operations")
        parts[service] = Part.model_validate(part(service, room.DESCRIPTION, room.OPERATIONS))
    return merge(parts, route_table())
