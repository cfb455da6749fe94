"""What a platform engineer sees after `helm install` with the default values."""

import json

import pytest

from cli.platform.toolbox import Toolbox
from tests.cluster.platform.measures import Measured
from tests.cluster.platform.release import Release, component, is_ready, until

MEBIBYTE = 1024 * 1024
ALL_AT_REST = 2560
"""MiB of memory: the default installation, Kafka and PostgreSQL included."""
SERVICE_AT_REST = 120
SERVICES = ("gateway", "discovery", "config", "customer", "product", "order", "payment", "notification", "operator")
SPEAKING_TO_THE_API = {"config", "discovery", "gateway", "operator"}
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"


def test_every_pod_is_ready_and_the_namespace_enforces_restricted_pods(settled: Release) -> None:
    pods = [pod for pod in settled.pods() if pod["status"]["phase"] != "Succeeded"]
    assert {component(pod) for pod in pods} >= {*SERVICES, "kafka", "postgres", "mail", "simulator"}
    assert [pod["metadata"]["name"] for pod in pods if not is_ready(pod)] == []
    labels = settled.object("namespace", settled.namespace)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_an_order_through_port_forward_is_confirmed_and_its_message_is_in_the_catcher(settled: Release) -> None:
    told = settled.mercato("demo").stdout
    assert "CONFIRMED" in told
    assert "Your order is confirmed" in told
    assert "Mail" in told


def test_helm_test_places_an_order(settled: Release) -> None:
    told = settled.helm("test", "mercato", "--timeout=120s").stdout
    assert "Phase:          Succeeded" in told
    assert settled.pods("smoke") == [], "nothing of it is left"


def test_the_first_administrator_is_in_its_secret(settled: Release) -> None:
    token = settled.mercato("token", "--role", "admin").stdout.strip()
    assert token.count(".") == 2
    assert settled.secret("mercato-admin")["email"] == "admin@mercato.example"


def test_only_pods_that_speak_to_the_api_server_have_a_token_for_it(settled: Release) -> None:
    found = {}
    for pod in settled.pods():
        if pod["status"]["phase"] == "Succeeded" or component(pod) in {"toolbox", "smoke"}:
            continue
        name, container = pod["metadata"]["name"], pod["spec"]["containers"][0]["name"]
        question = ("exec", name, "-c", container, "--", "sh", "-c", f"test -e {TOKEN} && echo mounted || echo none")
        found[component(pod)] = settled.kubectl(*question).strip()
    assert {name for name, answer in found.items() if answer == "mounted"} == SPEAKING_TO_THE_API, found


def test_a_write_outside_the_volumes_is_refused(settled: Release) -> None:
    script = "import pathlib; pathlib.Path('/app/x').write_text('')"
    done = settled.run(
        "kubectl", "-n", settled.namespace, "exec", "deploy/order", "--", "python", "-c", script, check=False
    )
    assert "Read-only file system" in done.stderr


def test_the_default_installation_needs_little_memory_at_rest(settled: Release, measured: Measured) -> None:
    """Working sets as metrics-server tells them, once it has seen all pods."""

    def working_sets() -> dict[str, int]:
        text = settled.kubectl("get", "--raw", f"/apis/metrics.k8s.io/v1beta1/namespaces/{settled.namespace}/pods")
        sizes: dict[str, int] = {}
        for item in json.loads(text)["items"]:
            name = item["metadata"]["labels"].get("app.kubernetes.io/component")
            if name not in {None, "toolbox"}:
                sizes[name] = sum(_bytes(each["usage"]["memory"]) for each in item["containers"]) // MEBIBYTE
        return sizes if sizes.keys() >= {*SERVICES, "kafka", "postgres", "mail", "simulator"} else {}

    sizes = until(working_sets, 90, "metrics of all pods", every=2.0)
    measured("memory at rest, MiB", f"{sum(sizes.values())} together: {sizes}")
    assert sum(sizes.values()) < ALL_AT_REST, sizes
    # The gateway's pod holds Envoy beside the control plane.
    heavy = {name: size for name, size in sizes.items() if name in SERVICES and size >= SERVICE_AT_REST}
    assert {name: size for name, size in heavy.items() if name != "gateway"} == {}
    assert sizes["gateway"] < 2 * SERVICE_AT_REST


def _bytes(quantity: str) -> int:
    units = {"Ki": 1024, "Mi": MEBIBYTE, "Gi": 1024 * MEBIBYTE}
    return int(quantity[:-2]) * units[quantity[-2:]] if quantity[-2:] in units else int(quantity)


OTHERS = [
    ("product", "produce", "order.events"),
    ("product", "produce", "payment.commands"),
    ("notification", "produce", "order.events"),
    ("product", "consume", "payment.commands"),
    ("notification", "consume", "product.commands"),
    ("payment", "consume", "order.replies"),
]
KAFKA = """
import json, sys
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
user, password, what, topic = json.load(sys.stdin)
client = {"bootstrap.servers": "kafka:9092", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512",
          "sasl.username": user, "sasl.password": password, "log_level": 0, "socket.timeout.ms": 10000}
answers = []
if what == "produce":
    producer = Producer({**client, "message.timeout.ms": 15000})
    producer.produce(topic, b"{}", on_delivery=lambda error, _: answers.append(error.name() if error else "taken"))
    producer.flush(20)
else:
    consumer = Consumer({**client, "group.id": user, "enable.auto.commit": False, "auto.offset.reset": "earliest",
                         "enable.partition.eof": True})
    if unknown := consumer.list_topics(topic, timeout=15).topics[topic].error:
        answers.append(unknown.name())  # it may not even know that there is such a topic
    else:
        consumer.assign([TopicPartition(topic, 0, 0)])
        record = consumer.poll(15)
        answers.append("silence" if record is None else record.error().name() if record.error() else "read")
    consumer.close()
print(answers[0] if answers else "silence")
"""


def _ask_kafka(release: Release, toolbox: Toolbox, user: str, what: str, topic: str) -> str:
    question = json.dumps([user, release.secret("mercato-kafka")[user], what, topic])
    return str(toolbox.run(["python", "-c", KAFKA], stdin=question, timeout=60).stdout).strip()


@pytest.mark.parametrize(("user", "what", "topic"), OTHERS)
def test_a_services_user_is_refused_what_is_not_its_own_on_the_bundled_broker(
    settled: Release, toolbox: Toolbox, user: str, what: str, topic: str
) -> None:
    assert _ask_kafka(settled, toolbox, user, what, topic) == "TOPIC_AUTHORIZATION_FAILED"


def test_a_services_user_reads_what_is_its_own(settled: Release, toolbox: Toolbox) -> None:
    assert _ask_kafka(settled, toolbox, "product", "consume", "product.commands") in {"read", "_PARTITION_EOF"}


def test_the_bundled_broker_lets_nobody_in_without_a_password(settled: Release, toolbox: Toolbox) -> None:
    script = """
from confluent_kafka.admin import AdminClient
from confluent_kafka import KafkaException
try:
    AdminClient({"bootstrap.servers": "kafka:9092", "log_level": 0}).list_topics(timeout=5)
    print("listed")
except KafkaException as error:
    print("refused")
"""
    assert toolbox.run(["python", "-c", script], timeout=60).stdout.strip() == "refused"
