"""Users that go take nobody with them: Kafka reads their end anew at each start."""

from mercato_operator.jobs.retrying import retrying
from mercato_operator.kafka.acls import Access
from mercato_operator.kafka.backend import Account
from mercato_operator.kafka.connection import Connection, KafkaAdminError
from mercato_operator.kafka.users import KafkaUsers

from tests.support.closed_kafka import ADMIN, closed_broker, security


def test_all_others_sign_in_after_a_restart() -> None:
    with closed_broker() as broker:

        def connected(user: str, password: str) -> Connection:
            """Waits until it may sign in."""
            connection = Connection(broker.bootstrap, security(user, password), 10)
            retrying(
                lambda: connection.call("list", lambda: connection.client.list_topics(timeout=2)), KafkaAdminError, 90
            )
            return connection

        users = KafkaUsers(connected("admin", ADMIN))
        names = [f"service-{number}" for number in range(20)]
        outcomes = users.bring(
            [Account(each, frozenset({Access("topic", each, "Read")}), "secret", True) for each in names]
        )
        assert [each.fault for each in outcomes.values()] == [None] * 20
        assert [each.fault for each in users.retire(names[1:]).values()] == [None] * 19
        broker.restart()
        connected("admin", ADMIN)
        connected(names[0], "secret")
