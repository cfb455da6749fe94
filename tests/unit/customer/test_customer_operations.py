"""The customer service describes exactly the routes it has."""

from unittest.mock import Mock

from services.customer.api import routes
from services.customer.operations import OPERATIONS
from tests.support.operations import calls, described


def test_every_route_has_its_operation_and_the_other_way_round() -> None:
    assert calls(routes(Mock(), Mock(), Mock(), Mock(), "http://issuer")) == described(OPERATIONS)
