"""The products and pictures every installation starts with."""

from collections import Counter
from xml.etree import ElementTree

from services.chassis.texts.cards import holds_card_number
from services.product.catalog import SEED_ON_HAND, seed_products
from services.product.motifs import MOTIFS
from services.product.pictures import draw
from services.product.schemas import NewProduct
from tests.support.names import NAMES


def test_there_are_sixty_products_in_six_categories() -> None:
    products = seed_products()
    assert Counter(product.category for product in products) == dict.fromkeys(
        ["kitchen", "lighting", "plants", "stationery", "audio", "travel"], 10
    )
    assert len({product.sku for product in products}) == len({product.id for product in products}) == 60
    assert SEED_ON_HAND >= 1000


def test_a_seeded_product_has_the_same_id_in_every_installation() -> None:
    assert str(seed_products()[0].id) == "dcce5b6f-b135-5f3f-8b3a-5fc97a46eddd"


def test_seeded_products_are_what_the_api_would_take() -> None:
    for product in seed_products():
        fields = product.model_dump(include={"sku", "name", "description", "category"})
        NewProduct.model_validate(fields | {"price": {"amount": product.price, "currency": "EUR"}})
        assert product.motif in MOTIFS
        assert not holds_card_number(product.description)


def test_every_picture_is_a_small_well_formed_svg_of_its_own() -> None:
    pictures = [draw(product.sku, product.name, product.category) for product in seed_products()]
    for picture in pictures:
        assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own drawing
        assert len(picture) < 4096
        assert b"{" not in picture
    assert len(set(pictures)) == 60


def test_a_picture_carries_whatever_name_a_product_may_have() -> None:
    drawn = {name: ElementTree.fromstring(draw("NEW-1", name, "tools"))[0].text for name in NAMES}  # noqa: S314
    assert [name for name, title in drawn.items() if title != name] == []


def test_a_picture_is_the_same_each_time_and_takes_any_name() -> None:
    picture = draw("NEW-1", 'Nuts & <Bolts> "A"', "tools")
    assert picture == draw("NEW-1", 'Nuts & <Bolts> "A"', "tools")
    assert ElementTree.fromstring(picture)[0].text == 'Nuts & <Bolts> "A"'  # noqa: S314 - our own drawing
