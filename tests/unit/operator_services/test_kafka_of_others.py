"""Services on a Kafka whose topics or users are not the operator's."""

from mercato_operator.settings import OperatorSettings
from mercato_operator.topics.trust import trust
from mercato_operator.topics.uses import Use, Uses

from tests.unit.operator_services.commerce_objects import environment, made, service, whole

THEIRS = OperatorSettings(
    namespace="shop", kafka_security_protocol="SASL_SSL", kafka_users_secret="their-kafka", kafka_manages_users=False
)


def test_a_service_signs_in_with_the_password_under_its_name_where_others_make_users() -> None:
    found = environment(whole(), THEIRS)
    assert found["MERCATO_KAFKA_USERNAME"] == "loyalty"
    assert found["MERCATO_KAFKA_PASSWORD"] == "their-kafka/loyalty"
    assert "loyalty-kafka" not in {each["metadata"]["name"] for each in made(service(consumes=["t"]), THEIRS).values()}


def test_uses_are_taken_on_trust_where_topics_are_made_by_others() -> None:
    uses = Uses()
    trust(uses)
    use = Use("loyalty", frozenset({"order.events"}), frozenset(), ("shop", "their-kafka"), "")
    uses.want(use)
    state = uses.state("loyalty")
    assert state is not None
    assert (state.use, state.ready, state.reason) == (use, True, "NotManaged")
