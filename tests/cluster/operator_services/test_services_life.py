"""A CommerceService from its creation to its end, on a real API server and a real PostgreSQL."""

from base64 import b64decode

import psycopg
import pytest

from tests.cluster.operator_services.platform import PARTS, WHOLE, Platform, Topics
from tests.support.administrator import Object


async def password(platform: Platform, name: str, what: str = "database") -> str:
    return b64decode((await platform.found("Secret", f"{name}-{what}"))["data"]["password"]).decode()


async def test_one_object_becomes_all_of_it(platform: Platform) -> None:
    topics = Topics()
    await platform.admin.put(platform.service("loyalty", **WHOLE))
    async with platform.operated(topics):
        await platform.ready("loyalty")
        assert (await platform.children("loyalty")).keys() == PARTS
        platform.sign_in("loyalty", await password(platform, "loyalty")).close()
        use = topics.uses.all()[platform.name("loyalty")]
        assert use.consumes == {"order.events"}
        assert use.password == await password(platform, "loyalty", "kafka")
        assert topics.uses.synced
        status = await platform.status("loyalty")
        assert {each["status"] for each in status["conditions"] if each["type"] != "Conflict"} == {"True"}
        assert (status["readyReplicas"], status["route"]) == (2, "/api/v1/loyalty")
        assert status["database"] == status["kafkaUser"] == platform.name("loyalty")
        metadata = (await platform.admin.get(platform.service("loyalty")))["metadata"]
        assert "finalizers" not in metadata
        assert not [name for name in metadata.get("annotations", {}) if "kopf" in name]


async def test_a_controller_that_starts_anew_changes_nothing(platform: Platform) -> None:
    await platform.admin.put(platform.service("loyalty", **WHOLE))
    async with platform.operated():
        await platform.ready("loyalty")
        # Its own changes were told to it by now.
        await platform.admin.put(platform.service("other"))
        await platform.ready("other")

    async def versions() -> dict[tuple[str, str], str]:
        found = {key: each["metadata"]["resourceVersion"] for key, each in (await platform.children("loyalty")).items()}
        about = (await platform.admin.get(platform.service("loyalty")))["metadata"]
        return {**found, ("CommerceService", "loyalty"): about["resourceVersion"]}

    before = await versions()
    async with platform.operated():
        await platform.admin.put(platform.service("third"))
        await platform.ready("third")
    assert await versions() == before


async def test_a_change_arrives_and_what_is_no_longer_wanted_goes(platform: Platform) -> None:
    await platform.admin.put(platform.service("loyalty", **WHOLE))
    async with platform.operated():
        await platform.ready("loyalty")
        less: Object = {"image": "registry.example/loyalty:2.0", "database": {"enabled": True}}
        await platform.admin.put(platform.service("loyalty", **less))
        await platform.ready("loyalty")

        async def fewer() -> bool:
            return (await platform.children("loyalty")).keys() == {
                ("ServiceAccount", "loyalty"),
                ("Secret", "loyalty-database"),
                ("Service", "loyalty"),
                ("NetworkPolicy", "loyalty"),
                ("Deployment", "loyalty"),
            }

        await platform.holds(fewer)
        pod = (await platform.found("Deployment", "loyalty"))["spec"]["template"]["spec"]
        assert pod["containers"][0]["image"] == "registry.example/loyalty:2.0"
        assert "MERCATO_KAFKA_BOOTSTRAP" not in {each["name"] for each in pod["containers"][0]["env"]}


async def test_an_autoscaler_takes_over_without_a_pod_less_and_gives_back(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", replicas=4))
        await platform.ready("loyalty")
        scaled = platform.service("loyalty", autoscaling={"minReplicas": 2, "maxReplicas": 6})
        await platform.admin.put(scaled)

        async def handed_over() -> bool:
            return await platform.exists("HorizontalPodAutoscaler", "loyalty")

        await platform.holds(handed_over)
        assert (await platform.found("Deployment", "loyalty"))["spec"]["replicas"] == 4
        about = {"name": platform.name("loyalty"), "namespace": platform.namespace}
        scale = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": about, "spec": {"replicas": 5}}
        await platform.admin.put(scale)
        await platform.admin.put(platform.service("loyalty", autoscaling={"minReplicas": 2, "maxReplicas": 7}))
        await platform.ready("loyalty")
        assert (await platform.found("Deployment", "loyalty"))["spec"]["replicas"] == 5

        await platform.admin.put(platform.service("loyalty", suspend=True, autoscaling={"maxReplicas": 7}))
        await platform.ready("loyalty", "Suspended")
        assert (await platform.found("Deployment", "loyalty"))["spec"]["replicas"] == 0
        await platform.admin.put(platform.service("loyalty", autoscaling={"maxReplicas": 7}))
        await platform.ready("loyalty")
        assert (await platform.found("Deployment", "loyalty"))["spec"]["replicas"] == 1, "no autoscaler begins at none"

        await platform.admin.put(platform.service("loyalty", replicas=3))
        await platform.ready("loyalty")
        assert (await platform.found("Deployment", "loyalty"))["spec"]["replicas"] == 3
        assert not await platform.exists("HorizontalPodAutoscaler", "loyalty")


async def test_a_suspended_service_keeps_everything_but_its_pods(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", **WHOLE))
        await platform.ready("loyalty")
        before = (await platform.children("loyalty")).keys()
        await platform.admin.put(platform.service("loyalty", **WHOLE, suspend=True))
        await platform.ready("loyalty", "Suspended")
        assert (await platform.found("Deployment", "loyalty"))["spec"]["replicas"] == 0
        assert (await platform.children("loyalty")).keys() == before


async def test_pods_wait_for_what_they_could_not_work_without(platform: Platform) -> None:
    topics = Topics()
    topics.unknown = {"order.events"}
    async with platform.operated(topics):
        await platform.admin.put(platform.service("loyalty", **WHOLE))
        told = await platform.tells("loyalty", "MessagingReady", "UnknownTopic")
        assert "make an OrderTopic" in told["message"]
        assert (await platform.conditions("loyalty"))["WorkloadReady"]["reason"] == "Waiting"
        assert not await platform.exists("Deployment", "loyalty")
        topics.unknown = set()
        topics.look()
        await platform.ready("loyalty")


async def test_new_passwords_are_made_when_that_is_asked_for(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", **WHOLE))
        await platform.ready("loyalty")
        old, old_kafka = await password(platform, "loyalty"), await password(platform, "loyalty", "kafka")
        template = (await platform.found("Deployment", "loyalty"))["spec"]["template"]["metadata"]["annotations"]
        with platform.sign_in("loyalty", old) as connected:
            rotate = {"mercato.dev/rotate": "2026-03-01"}
            await platform.admin.put(platform.service("loyalty", annotations=rotate, **WHOLE))

            async def rolled() -> bool:
                now = (await platform.found("Deployment", "loyalty"))["spec"]["template"]["metadata"]["annotations"]
                return all(now[each] != template[each] for each in template)

            await platform.holds(rolled)
            connected.execute("SELECT 1")  # a pod of before goes on until it is replaced
        assert await password(platform, "loyalty", "kafka") != old_kafka
        platform.sign_in("loyalty", await password(platform, "loyalty")).close()
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            platform.sign_in("loyalty", old)
        await platform.ready("loyalty")
        new = await password(platform, "loyalty")
        await platform.admin.put(platform.service("loyalty", annotations=rotate, **{**WHOLE, "replicas": 3}))
        await platform.ready("loyalty")
        assert await password(platform, "loyalty") == new


async def test_while_postgresql_is_away_running_pods_are_left_and_no_new_password_reaches_them(
    platform: Platform,
) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", **WHOLE))
        await platform.ready("loyalty")
    template = (await platform.found("Deployment", "loyalty"))["spec"]["template"]
    async with platform.operated(postgres_port=9):
        rotate = {"mercato.dev/rotate": "now"}
        await platform.admin.put(platform.service("loyalty", annotations=rotate, **WHOLE))
        told = await platform.tells("loyalty", "DatabaseReady", "Unreachable")
        assert "see that it runs" in told["message"]
        assert (await platform.found("Deployment", "loyalty"))["spec"]["template"] == template
    async with platform.operated():
        await platform.ready("loyalty")
        platform.sign_in("loyalty", await password(platform, "loyalty")).close()
        assert (await platform.found("Deployment", "loyalty"))["spec"]["template"] != template


async def test_what_the_api_server_does_not_take_is_told_and_the_rest_is_made(platform: Platform) -> None:
    async with platform.operated():
        upside_down = {"requests": {"memory": "2Gi", "cpu": "10m"}, "limits": {"memory": "1Gi"}}
        await platform.admin.put(platform.service("loyalty", resources=upside_down))
        told = await platform.tells("loyalty", "WorkloadReady", "Refused")
        assert "takes no such Deployment" in told["message"]
        assert "memory limit" in told["message"]
        assert await platform.exists("Service", "loyalty")
        await platform.admin.put(platform.service("loyalty"))
        await platform.ready("loyalty")


async def test_what_is_told_of_it_is_seen_by_describe(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty"))
        await platform.ready("loyalty")

        async def told() -> set[tuple[str, str]]:
            events = await platform.admin.items(f"/api/v1/namespaces/{platform.namespace}/events")
            return {(each["involvedObject"]["kind"], each["reason"]) for each in events}

        async def ready() -> bool:
            return ("CommerceService", "Ready") in await told()

        await platform.holds(ready)
        assert await told() == {("CommerceService", "Ready")}
