"""The products every new installation starts with: 60 in 6 categories, with the same ids everywhere."""

from functools import cache
from importlib.resources import files
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, TypeAdapter

SEED_ON_HAND = 10_000
"""Units of each seeded product that the first adjustment puts on hand."""

_NAMESPACE = UUID("6f1d2c52-8a35-5d0c-9f6e-0f5f3b1c7a10")


class SeedProduct(BaseModel):
    """One seeded product; `price` in minor units of the installation's currency, `motif` names its drawing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sku: str
    name: str
    description: str
    category: str
    price: int
    motif: str

    @property
    def id(self) -> UUID:
        return uuid5(_NAMESPACE, self.sku)

    @property
    def first_move_id(self) -> UUID:
        return uuid5(_NAMESPACE, f"{self.sku}/seed")


@cache
def seed_products() -> tuple[SeedProduct, ...]:
    """The seed, in the order of `catalog.json`."""
    text = files("services.product").joinpath("catalog.json").read_bytes()
    return TypeAdapter(tuple[SeedProduct, ...]).validate_json(text)


@cache
def _motifs() -> dict[str, str]:
    return {product.sku: product.motif for product in seed_products()}


def motif_of(sku: str) -> str:
    """The drawing of a seeded product; "" for any other."""
    return _motifs().get(sku, "")


def image_path(sku: str) -> str:
    """Where the drawn picture of a product is served."""
    return f"/images/products/{sku}.svg"
