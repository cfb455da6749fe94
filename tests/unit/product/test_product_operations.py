"""The product service describes exactly the routes it has."""

from unittest.mock import Mock

from services.product.api import Api
from services.product.images import Images
from services.product.operations import OPERATIONS
from tests.support.operations import calls, described


def test_every_route_has_its_operation_and_the_other_way_round() -> None:
    routes = [*Api(Mock(), Mock(), "EUR").routes(), *Images(Mock()).routes()]
    assert calls(routes) == described(OPERATIONS)
