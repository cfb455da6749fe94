"""Whose path is whose."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from mercato_operator.services.status.shadowing import Claim, of_documents, of_routes, shadowed

ROUTES = Path(__file__).parents[3] / "gateway-config"
OLD, YOUNG = ("2026-01-01T00:00:00Z", "shop", "b"), ("2026-01-02T00:00:00Z", "shop", "a")


def platform() -> list[Claim]:
    return of_documents([{"data": {path.name: path.read_text() for path in ROUTES.glob("*.yaml")}}])


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("/api/v1/loyalty", False),
        ("/api/v1/orders", True),
        ("/api/v1/orders/special", True),
        ("/api/v1/orders-archive", False),
        ("/api/v1/products/x/reviews", True),
        ("/images/products", True),
        ("/images", False),
        ("/docs", True),
        ("/.well-known/jwks.json", True),
        ("/api", False),
    ],
)
def test_the_platforms_own_paths_are_older_than_any(path: str, taken: bool) -> None:
    assert (shadowed(Claim(path, "CommerceService shop/a", OLD), platform()) is not None) is taken


@pytest.mark.parametrize(
    ("mine", "theirs", "taken"),
    [
        ("/a", "/a", True),
        ("/a/b", "/a", True),
        ("/a", "/a/b", False),
        ("/ab", "/a", False),
        ("/a/b", "/a/bc", False),
    ],
)
def test_equal_and_lower_paths_belong_to_the_older(mine: str, theirs: str, taken: bool) -> None:
    older, younger = Claim(theirs, "older", OLD), Claim(mine, "younger", YOUNG)
    assert shadowed(younger, [older, younger]) == (older if taken else None)
    assert shadowed(older, [older, younger]) is None


def test_of_two_that_are_as_old_the_name_decides() -> None:
    first, second = Claim("/a", "first", ("t", "shop", "a")), Claim("/a", "second", ("t", "shop", "b"))
    assert shadowed(first, [second]) is None
    assert shadowed(second, [first]) == first


def test_of_several_the_oldest_is_named() -> None:
    claims = [Claim("/a", f"{n}", (f"{n}",)) for n in (2, 1, 3)]
    assert shadowed(Claim("/a/b", "mine", ("9",)), claims) == claims[1]


def test_one_does_not_shadow_oneself() -> None:
    assert shadowed(Claim("/a/b", "mine", YOUNG), [Claim("/a", "mine", OLD)]) is None


@pytest.mark.parametrize(
    "data",
    [
        {"broken.yaml": "a: [\n"},
        {"list.yaml": "- 1\n"},
        {"route.yaml": "kind: HTTPRoute\n"},
        {"route.yaml": "kind: HTTPRoute\nmetadata: {name: x}\nspec: {rules: 7}\n"},
        {"route.yaml": "kind: HTTPRoute\nmetadata: {name: x}\nspec: {rules: [{matches: [7]}]}\n"},
        None,
    ],
)
def test_what_cannot_be_read_claims_nothing(data: Any) -> None:
    assert of_documents([{"data": data}]) == []


def test_objects_claim_as_documents_do() -> None:
    objects = [
        yaml.safe_load(text) for text in (ROUTES / "orders.yaml").read_text().split("---") if "HTTPRoute" in text
    ]
    assert {claim.path for claim in of_routes(objects)} == {"/api/v1/orders"}
