"""OrderTopics where Strimzi runs Kafka: objects that its real definitions take, and what it says in our words."""

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from tests.cluster.operator.conftest import PASSWORDS
from tests.cluster.operator.operator_process import IN_STRIMZI, ROOT, Operator, Rule, rule, until_active
from tests.cluster.operator.topic_operator import CLUSTER, StandIn, stand_in
from tests.support.absent import Absent
from tests.support.administrator import Administrator, Object
from tests.support.definitions import strimzi as definitions_folder
from tests.support.serving import until


@pytest.fixture
async def kafka_namespace(admin: Administrator) -> str:
    """Where Kafka is: not where the platform is. The API server knows Strimzi's kinds."""
    try:
        folder = definitions_folder()
    except Absent as absent:
        pytest.skip(str(absent))
    for path in sorted(folder.glob("*.yaml")):
        await admin.put(yaml.safe_load(path.read_text()))
    name = f"kafka-{uuid4().hex[:12]}"
    await admin.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


@pytest.fixture
async def strimzi(admin: Administrator, kafka_namespace: str) -> AsyncIterator[StandIn]:
    async with stand_in(admin, kafka_namespace) as made:
        yield made


@pytest.fixture
async def operator(
    operators: Callable[..., Operator], admin: Administrator, namespace: str, kafka_namespace: str, tmp_path: Path
) -> Operator:
    """Running, with rights in both namespaces."""
    user = f"operator-{namespace}"
    await admin.grant(user, kafka_namespace, IN_STRIMZI)
    secrets = [rule("", "get list create patch delete", "secrets")]
    await also(admin, user, namespace, secrets)
    users = tmp_path / "users"
    users.mkdir()
    for name, password in {**PASSWORDS, "toolbox": "looks"}.items():
        (users / name).write_text(password)
    made = operators(
        MERCATO_TOPICS_BACKEND="strimzi",
        MERCATO_STRIMZI_NAMESPACE=kafka_namespace,
        MERCATO_STRIMZI_CLUSTER=CLUSTER,
        MERCATO_KAFKA_ADMIN="false",
        MERCATO_KAFKA_OBSERVER="toolbox",
        MERCATO_KAFKA_USERS_DIRECTORY=str(users),
    )
    made.start()
    await until_active(made)
    return made


async def also(admin: Administrator, user: str, namespace: str, rules: Sequence[Rule]) -> None:
    """Gives a user more, beside what it has."""
    api, metadata = "rbac.authorization.k8s.io/v1", {"name": f"more-{user}", "namespace": namespace}
    await admin.put({"apiVersion": api, "kind": "Role", "metadata": metadata, "rules": list(rules)})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": f"more-{user}"}
    subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]
    await admin.put(
        {"apiVersion": api, "kind": "RoleBinding", "metadata": metadata, "roleRef": reference, "subjects": subjects}
    )


class World:
    """OrderTopics of the platform, and what is beside Kafka."""

    def __init__(self, admin: Administrator, namespace: str, kafka_namespace: str) -> None:
        self.admin, self.namespace, self.kafka_namespace = admin, namespace, kafka_namespace

    def body(self, name: str, **spec: object) -> Object:
        metadata = {"name": name, "namespace": self.namespace}
        whole = {"apiVersion": "mercato.dev/v1alpha1", "kind": "OrderTopic", "metadata": metadata}
        return {**whole, "spec": {"partitions": 1, **spec}}

    async def put(self, name: str, **spec: object) -> None:
        await self.admin.put(self.body(name, **spec))

    async def until(self, name: str, status: str, reason: str, seconds: float = 45) -> Object:
        """The condition Ready, once it is so."""
        found: list[Object] = []

        async def holds() -> bool:
            body = await self.admin.get(self.body(name))
            conditions = body.get("status", {}).get("conditions", ())
            found[:] = [one for one in conditions if one["type"] == "Ready"]
            return bool(found) and (found[0]["status"], found[0]["reason"]) == (status, reason)

        try:
            await until(holds, seconds)
        except TimeoutError:
            raise AssertionError(f"not {status} {reason}: {found}") from None
        return found[0]

    async def named(self, plural: str, path: str = "/apis/kafka.strimzi.io/v1") -> dict[str, Object]:
        items = await self.admin.items(f"{path}/namespaces/{self.kafka_namespace}/{plural}")
        return {item["metadata"]["name"]: item for item in items}

    async def secret(self, name: str) -> dict[str, str]:
        """The texts of a Secret of the platform; none where it is not there."""
        metadata = {"name": name, "namespace": self.namespace}
        found = await self.admin.get({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})
        return {key: b64decode(value).decode() for key, value in found.get("data", {}).items()}


@pytest.fixture
def world(admin: Administrator, namespace: str, kafka_namespace: str) -> World:
    return World(admin, namespace, kafka_namespace)


@pytest.mark.usefixtures("operator", "strimzi")
async def test_the_platforms_topics_become_strimzis_and_ready_follows_theirs(world: World) -> None:
    names = []
    for path in sorted((ROOT / "k8s" / "topics").glob("*.yaml")):
        manifest = yaml.safe_load(path.read_text())
        names.append(manifest["metadata"]["name"])
        await world.put(names[-1], **manifest["spec"])
    for name in names:
        await world.until(name, "True", "AsDeclared")
    topics = await world.named("kafkatopics")
    assert len(topics) == 9
    retry = topics["order.events.notification.retry"]
    assert retry["spec"]["partitions"] == 6
    assert retry["spec"]["config"] == {"retention.ms": "604800000"}
    assert "ownerReferences" not in retry["metadata"]
    users = await world.named("kafkausers")
    assert users.keys() == {*PASSWORDS, "toolbox"}
    acls = {
        one["resource"]["name"]: one["operations"] for one in users["notification"]["spec"]["authorization"]["acls"]
    }
    assert acls["order.events.notification.retry"] == ["Describe", "Read", "Write"]
    assert acls["notification"] == ["Read"]
    everything = users["toolbox"]["spec"]["authorization"]["acls"]
    assert {(one["resource"]["type"], one["resource"]["name"], *one["operations"]) for one in everything} == {
        *(("topic", name, "Describe", "Read", "Write") for name in topics),
        *(("group", name, "Describe", "Read") for name in PASSWORDS),
    }


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("ResourceConflict", "TopicTaken"),
        ("NotSupported", "NotSupported"),
        ("KafkaError", "KafkaRefused"),
        ("InternalError", "StrimziFailed"),
    ],
)
async def test_each_of_strimzis_reasons_becomes_a_condition(
    world: World, strimzi: StandIn, reason: str, expected: str
) -> None:
    strimzi.refusals["a"] = reason
    await world.put("a")
    told = await world.until("a", "False", expected)
    assert "the stand-in was told to say" in told["message"]
    strimzi.refusals.clear()
    await world.until("a", "True", "AsDeclared")


@pytest.mark.usefixtures("operator")
async def test_a_strimzi_that_does_nothing_is_waited_for(world: World, strimzi: StandIn) -> None:
    strimzi.asleep = True
    await world.put("a")
    told = await world.until("a", "Unknown", "WaitingForStrimzi")
    assert "is its Topic Operator running?" in told["message"]
    strimzi.asleep = False
    await world.until("a", "True", "AsDeclared")


@pytest.mark.usefixtures("operator", "strimzi")
async def test_what_somebody_changed_or_removed_is_put_back(world: World) -> None:
    await world.put("a", retention="1d")
    await world.until("a", "True", "AsDeclared")
    body = (await world.named("kafkatopics"))["a"]
    changed = {key: body[key] for key in ("apiVersion", "kind")}
    metadata = {"name": "a", "namespace": world.kafka_namespace}
    await world.admin.put({**changed, "metadata": metadata, "spec": {"config": {"retention.ms": "7"}}})

    async def put_back() -> bool:
        found = (await world.named("kafkatopics")).get("a")
        return bool(found) and found is not None and found["spec"]["config"] == {"retention.ms": "86400000"}

    await until(put_back, 30)
    await world.admin.delete(body)
    await until(put_back, 30)


@pytest.mark.usefixtures("operator", "strimzi")
async def test_retain_keeps_strimzis_object_and_delete_removes_it(world: World) -> None:
    await world.put("kept")
    await world.put("doomed", deletionPolicy="Delete")
    await world.until("kept", "True", "AsDeclared")
    await world.until("doomed", "True", "AsDeclared")
    await world.admin.delete(world.body("kept"))
    await world.admin.delete(world.body("doomed"))

    async def gone() -> bool:
        return bool((await world.admin.get(world.body("doomed")))["kind"] == "Status")

    await until(gone, 45)
    assert (await world.named("kafkatopics")).keys() == {"kept"}


@pytest.mark.usefixtures("operator")
async def test_the_authority_and_the_credentials_are_copied_and_kept_current(world: World, strimzi: StandIn) -> None:
    await strimzi.authority("first certificate")

    async def copied(certificate: str) -> bool:
        return (await world.secret(f"{CLUSTER}-cluster-ca-cert")).get("ca.crt") == certificate

    async def first() -> bool:
        return await copied("first certificate")

    async def second() -> bool:
        return await copied("second certificate")

    await until(first, 45)
    await strimzi.authority("second certificate")
    await until(second, 45)

    async def credentials() -> bool:
        found = await world.secret("order-kafka-user")
        return found == {"password": PASSWORDS["order"], "sasl.jaas.config": "login of order"}

    await until(credentials, 45)
    metadata = {"name": "order-kafka-user", "namespace": world.namespace}
    wrong = {"password": b64encode(b"wrong").decode()}
    await world.admin.put({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": wrong})
    await until(credentials, 45)


@pytest.mark.usefixtures("operator", "strimzi")
async def test_a_user_that_others_made_there_stays_theirs_and_its_password_stays_there(world: World) -> None:
    metadata: Object = {"namespace": world.kafka_namespace, "labels": {"strimzi.io/cluster": CLUSTER}}
    theirs = {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaUser",
        "metadata": {**metadata, "name": "loyalty"},
        "spec": {"authentication": {"type": "scram-sha-512"}},
    }
    await world.admin.put(theirs)
    labels = {**metadata["labels"], "strimzi.io/kind": "KafkaUser"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {**metadata, "labels": labels, "name": "loyalty"}}
    await world.admin.put({**secret, "data": {"password": b64encode(b"theirs").decode()}})
    service = {
        "apiVersion": "mercato.dev/v1alpha1",
        "kind": "CommerceService",
        "metadata": {"name": "loyalty", "namespace": world.namespace},
        "spec": {"image": "example.test/loyalty:1", "suspend": True, "consumes": ["order.events"]},
    }
    await world.put("order.events")
    await world.admin.put(service)

    async def refused() -> bool:
        found = (await world.admin.get(service)).get("status", {}).get("conditions", ())
        return any("was not made by this operator" in each["message"] for each in found)

    await until(refused, 45)
    assert await world.secret("loyalty-kafka-user") == {}
    assert (await world.named("kafkausers"))["loyalty"]["spec"] == theirs["spec"]
