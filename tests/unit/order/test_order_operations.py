"""The order service describes exactly the routes it has."""

from unittest.mock import Mock

from services.order.api import Api
from services.order.operations import OPERATIONS
from tests.support.operations import calls, described


def test_every_route_has_its_operation_and_the_other_way_round() -> None:
    assert calls(Api(Mock(), Mock(), Mock(), Mock(), Mock()).routes()) == described(OPERATIONS)
