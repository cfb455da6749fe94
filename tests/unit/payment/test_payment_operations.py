"""The payment service describes exactly the routes it has."""

from unittest.mock import Mock

from services.payment.api import Webhooks
from services.payment.operations import OPERATIONS
from tests.support.operations import calls, described


def test_every_route_has_its_operation_and_the_other_way_round() -> None:
    assert calls(Webhooks(Mock(), Mock(), Mock()).routes()) == described(OPERATIONS)
