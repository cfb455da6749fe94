"""OrderTopics and CommerceServices of a release, as tests make and read them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cli.platform.toolbox import Toolbox
from tests.cluster.platform.release import Object, Release, until

TOPICS, SERVICES = "ordertopics.mercato.dev", "commerceservices.mercato.dev"
_KAFKA = """
import json, os, sys
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
told = {name: os.environ["MERCATO_KAFKA_" + name.upper().replace(".", "_")]
        for name in ("security.protocol", "sasl.mechanism")}
admin = AdminClient({"bootstrap.servers": os.environ["MERCATO_KAFKA_BOOTSTRAP"], "log_level": 0, **told,
    "sasl.username": os.environ["MERCATO_KAFKA_USERNAME"], "sasl.password": os.environ["MERCATO_KAFKA_PASSWORD"]})
what, name, value = json.load(sys.stdin)
if what == "names":
    print(json.dumps(sorted(admin.list_topics(timeout=10).topics)))
elif what == "delete":
    admin.delete_topics([name])[name].result(20)
elif what == "retention":
    resource = ConfigResource(ResourceType.TOPIC, name)
    if value:
        entry = ConfigEntry("retention.ms", value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
        admin.incremental_alter_configs([resource])[resource].result(20)
    else:
        print(json.dumps(admin.describe_configs([resource])[resource].result(20)["retention.ms"].value))
"""


def body(kind: str, name: str, **spec: Any) -> Object:
    return {"apiVersion": "mercato.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def condition(found: Object, type_: str = "Ready") -> Object:
    """Empty while there is none of the object as it is now."""
    for each in found.get("status", {}).get("conditions", []):
        if each["type"] == type_ and each.get("observedGeneration") == found["metadata"]["generation"]:
            return dict(each)
    return {}


def unready(release: Release, kind: str, names: Sequence[str] = ()) -> dict[str, str]:
    """Those that are not ready, or that are missing, and why."""
    found = {each["metadata"]["name"]: condition(each) for each in release.objects(kind)}
    wanted = names or found.keys()
    return {
        name: found.get(name, {}).get("message", "nothing is told")
        for name in wanted
        if found.get(name, {}).get("status") != "True"
    }


def until_ready(release: Release, kind: str, names: Sequence[str], seconds: float) -> None:
    until(lambda: not unready(release, kind, names), seconds, f"{kind} are ready: {unready(release, kind, names)}", 0.5)


def until_gone(release: Release, kind: str, names: Sequence[str], seconds: float) -> None:
    def left() -> set[str]:
        return {each["metadata"]["name"] for each in release.objects(kind)} & set(names)

    until(lambda: not left(), seconds, f"{kind} are gone", 0.5)


def kafka(toolbox: Toolbox, what: str, name: str = "", value: str = "") -> Any:
    """`names` of topics; `delete` one; its `retention` in ms, or change it."""
    done = toolbox.run(["python", "-c", _KAFKA], stdin=json.dumps([what, name, value]), timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def postgres(release: Release, query: str, database: str = "postgres") -> str:
    """What the administrator is answered."""
    script = f'PGPASSWORD=$POSTGRES_PASSWORD psql -h 127.0.0.1 -U postgres -d {database} -Atc "$0"'
    return release.kubectl("exec", "statefulset/postgres", "--", "sh", "-c", script, query).strip()


def held(release: Release) -> list[str]:
    """Objects with a finalizer."""
    return [
        f"{each['kind']}/{each['metadata']['name']}"
        for each in release.objects(f"{TOPICS},{SERVICES}")
        if each["metadata"].get("finalizers")
    ]


@contextmanager
def own_objects(release: Release, kept: str, doomed: str) -> Iterator[None]:
    """A topic and a service that keep their data, and two that take it with them; at the end nothing is left of any."""
    objects = {policy: _pair(name, policy) for name, policy in ((kept, "Retain"), (doomed, "Delete"))}
    release.apply(*objects["Retain"], *objects["Delete"])
    try:
        for kind in (TOPICS, SERVICES):
            until_ready(release, kind, [kept, doomed], 60)
        yield
    finally:
        release.apply(*_pair(kept, "Delete"), *_pair(doomed, "Delete"))
        for kind in (SERVICES, TOPICS):
            until_ready(release, kind, [kept, doomed], 60)  # with its finalizer
            release.kubectl("delete", kind, kept, doomed)


def _pair(name: str, policy: str) -> list[Object]:
    image = "localhost/mercato-order:none"
    return [
        body("OrderTopic", name, partitions=1, deletionPolicy=policy),
        body("CommerceService", name, image=image, suspend=True, database={"enabled": True}, deletionPolicy=policy),
    ]
