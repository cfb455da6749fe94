"""The tutorial's service: with one object it is part of the platform, and without it only its data is."""

import base64
import json
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from cli.layout import CHECKOUT
from cli.platform.toolbox import Toolbox
from tests.cluster.platform.custom_objects import SERVICES, body, condition, kafka, postgres, until_gone
from tests.cluster.platform.loyalty_image import EXAMPLE, load_loyalty
from tests.cluster.platform.measures import Measured
from tests.cluster.platform.release import Object, Release, until
from tests.cluster.platform.web import read_json, status

READY_WITHIN = 60.0
NAME = "loyalty"
PATH = "/api/v1/loyalty/me"
LABEL = f"mercato.dev/commerce-service={NAME}"
CHILDREN = (
    "deployments,services,serviceaccounts,networkpolicies,poddisruptionbudgets,configmaps,secrets,pods,"
    "horizontalpodautoscalers"
)
DATABASES = """
import json, sys
import psycopg
password, databases = json.load(sys.stdin)
found = {}
for name in databases:
    try:
        psycopg.connect(host="postgres", user="loyalty", password=password, dbname=name, connect_timeout=5).close()
        found[name] = "open"
    except psycopg.OperationalError as error:
        found[name] = "refused" if "permission denied" in str(error) else str(error)
print(json.dumps(found))
"""
MESSAGES = """
import json, sys
from confluent_kafka import Consumer, Producer, TopicPartition
password = json.load(sys.stdin)
client = {"bootstrap.servers": "kafka:9092", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512",
          "sasl.username": "loyalty", "sasl.password": password, "log_level": 0, "socket.timeout.ms": 10000}
found = {}
producer = Producer({**client, "message.timeout.ms": 15000})
for topic in ("order.events", "payment.commands"):
    producer.produce(topic, b"{}", on_delivery=lambda error, sent: found.update(
        {"write " + sent.topic(): error.name() if error else "taken"}))
producer.flush(20)
for topic, group in (("order.events", "loyalty"), ("payment.commands", "loyalty")):
    consumer = Consumer({**client, "group.id": group, "enable.auto.commit": False, "enable.partition.eof": True})
    if unknown := consumer.list_topics(topic, timeout=15).topics[topic].error:
        found["read " + topic] = unknown.name()  # it may not even know that there is such a topic
    else:
        consumer.assign([TopicPartition(topic, 0, 0)])
        record = consumer.poll(15)
        found["read " + topic] = "silence" if record is None else record.error().name() if record.error() else "read"
    consumer.close()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def image(release: Release) -> Iterator[None]:
    """The cluster has it; what was made of it is gone at the end, data included."""
    load_loyalty(release.cluster)
    yield
    release.apply({**body("CommerceService", NAME, image="none:1", suspend=True, deletionPolicy="Delete")})
    release.kubectl("delete", SERVICES, NAME)
    until_gone(release, SERVICES, [NAME], 60)


@pytest.fixture
def loyalty(settled: Release, image: None, measured: Measured) -> Object:
    """It is ready."""
    began = time.monotonic()
    settled.kubectl("apply", "-f", str(CHECKOUT / EXAMPLE / "commerceservice.yaml"))

    def ready() -> bool:
        return condition(settled.object(SERVICES, NAME)).get("status") == "True"

    until(ready, READY_WITHIN, "the loyalty service is ready")
    measured("kubectl apply of the loyalty service until it is ready", f"{time.monotonic() - began:.0f} s")
    return settled.object(SERVICES, NAME)


def secret(release: Release, name: str) -> str:
    return base64.b64decode(release.object("secret", name)["data"]["password"]).decode()


def test_points_appear_after_an_order_and_its_route_answers_through_the_gateway(
    settled: Release, loyalty: Object, measured: Measured
) -> None:
    with settled.forwarded("svc/gateway", 80) as gateway:
        until(lambda: status(f"{gateway}{PATH}") == 401, 10, "the route is there, and asks for a token")
        token = settled.mercato("token").stdout.strip()
        caller = {"authorization": f"Bearer {token}"}
        before = read_json(f"{gateway}{PATH}", caller)["points"]
        product = read_json(f"{gateway}/api/v1/products?limit=1")["items"][0]
        order = {
            "lines": [{"product_id": product["id"], "quantity": 1}],
            "shipping_address": {
                "name": "Ada", "line1": "12 St James's Square", "city": "London", "postal_code": "SW1Y", "country": "GB"
            },
            "payment_method": {"type": "card", "token": "pm_card_visa"},
        }  # fmt: skip
        headers = {**caller, "content-type": "application/json", "idempotency-key": str(uuid4())}
        placed = time.monotonic()
        read_json(f"{gateway}/api/v1/orders", headers, order)
        expected = before + product["price"]["amount"] // 100
        until(lambda: read_json(f"{gateway}{PATH}", caller)["points"] == expected, 30, f"{expected} points")
        measured("an order until its points are there", f"{time.monotonic() - placed:.1f} s")


def test_its_role_reaches_no_other_database(settled: Release, loyalty: Object, toolbox: Toolbox) -> None:
    names = postgres(settled, "SELECT datname FROM pg_database WHERE datallowconn").split()
    assert {"order", "payment", NAME} <= set(names)
    question = json.dumps([secret(settled, "loyalty-database"), names])
    done = toolbox.run(["python", "-c", DATABASES], stdin=question, timeout=60)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {name: answer for name, answer in found.items() if name != NAME and answer != "refused"} == {}
    assert found[NAME] == "open"


def test_its_kafka_user_is_refused_anything_else(settled: Release, loyalty: Object, toolbox: Toolbox) -> None:
    question = json.dumps(secret(settled, "loyalty-kafka"))
    done = toolbox.run(["python", "-c", MESSAGES], stdin=question, timeout=90)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    refused = "TOPIC_AUTHORIZATION_FAILED"
    assert found["read order.events"] in {"read", "_PARTITION_EOF"}
    assert {found[name] for name in ("write order.events", "write payment.commands", "read payment.commands")} == {
        refused
    }


def test_a_service_with_a_path_of_the_platform_is_not_served(settled: Release) -> None:
    name = "shadow"
    shadow = body(
        "CommerceService", name, image="localhost/none:1", suspend=True, route={"pathPrefix": "/api/v1/orders"}
    )
    settled.apply(shadow)
    try:
        found = until(lambda: condition(settled.object(SERVICES, name), "Conflict"), 30, "it was looked at")
        assert found["status"] == "True"
        assert "orders" in found["message"]
    finally:
        settled.kubectl("delete", SERVICES, name)


def test_deleting_it_removes_all_but_its_data(settled: Release, loyalty: Object, toolbox: Toolbox) -> None:
    assert settled.objects(CHILDREN, LABEL)
    settled.kubectl("delete", SERVICES, NAME)
    until(lambda: not settled.objects(CHILDREN, LABEL), 90, "its parts are gone", 1.0)
    assert postgres(settled, f"SELECT count(*) FROM pg_database WHERE datname = '{NAME}'") == "1"
    assert postgres(settled, f"SELECT count(*) FROM pg_roles WHERE rolname = '{NAME}'") == "1"
    assert "order.events.loyalty.dead-letter" in kafka(toolbox, "names"), "topics with messages stay"
    with settled.forwarded("svc/gateway", 80) as gateway:
        until(lambda: status(f"{gateway}{PATH}") == 404, 10, "its route is gone")
