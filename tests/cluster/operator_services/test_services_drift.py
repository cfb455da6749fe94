"""What somebody else changes or removes is put back; what belongs to somebody else is not touched."""

from base64 import b64decode
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from tests.cluster.operator_services.platform import WHOLE, Platform
from tests.support.administrator import Object


def drift(kind: str) -> float:
    return REGISTRY.get_sample_value("mercato_operator_drift_total", {"kind": kind}) or 0


async def contents(platform: Platform, name: str) -> dict[tuple[str, str], Any]:
    """Without what changes by itself."""
    left_out = {"resourceVersion", "managedFields", "generation", "creationTimestamp", "uid"}
    found = {}
    for key, each in (await platform.children(name)).items():
        metadata = {field: value for field, value in each["metadata"].items() if field not in left_out}
        content = {field: value for field, value in each.items() if field not in {"metadata", "status"}}
        if key[0] == "Service":  # the server gives another address to a new one
            content["spec"] = {field: value for field, value in each["spec"].items() if not field.startswith("cluster")}
        found[key] = {**content, "metadata": metadata}
    return found


CHANGES: dict[str, Object] = {
    "Deployment": {"spec": {"replicas": 7, "template": {"spec": {"automountServiceAccountToken": True}}}},
    "NetworkPolicy": {"spec": {"ingress": [{}], "podSelector": {}}},
    "PodDisruptionBudget": {"spec": {"maxUnavailable": 2}},
    "Service": {"spec": {"selector": {"mercato.dev/commerce-service": "other"}}},
    "ServiceAccount": {"automountServiceAccountToken": True},
    "Secret": {"data": {"username": "b3RoZXI="}},
    "ConfigMap": {"data": {"application.yaml": "other: true", "route.yaml": "other: true"}},
}


def changed(kind: str, each: Object) -> Object:
    """As somebody else would have it."""
    metadata = {key: each["metadata"][key] for key in ("name", "namespace")}
    content = CHANGES[kind]
    if kind == "ConfigMap":
        content = {"data": {key: text for key, text in content["data"].items() if key in each["data"]}}
    return {"apiVersion": each["apiVersion"], "kind": kind, "metadata": metadata, **content}


async def test_whatever_is_changed_comes_back(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", **WHOLE))
        await platform.ready("loyalty")
        before = await contents(platform, "loyalty")
        for (kind, _), each in (await platform.children("loyalty")).items():
            counted = drift(kind)
            await platform.admin.put(changed(kind, each))

            async def back() -> bool:
                return await contents(platform, "loyalty") == before

            await platform.holds(back, 30)
            if kind != "Secret":
                assert drift(kind) == counted + 1, kind


async def test_whatever_is_removed_comes_back(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", **WHOLE))
        await platform.ready("loyalty")
        before = await contents(platform, "loyalty")
        made = await platform.children("loyalty")
        for (kind, _), each in made.items():
            if kind != "Secret":
                await platform.admin.delete(each)

                async def back() -> bool:
                    return await contents(platform, "loyalty") == before

                await platform.holds(back, 30)


@pytest.mark.parametrize("what", ["database", "kafka"])
async def test_a_secret_that_is_removed_comes_back_with_a_new_password_that_works(
    platform: Platform, what: str
) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", **WHOLE))
        await platform.ready("loyalty")
        template = (await platform.found("Deployment", "loyalty"))["spec"]["template"]["metadata"]["annotations"]
        await platform.admin.delete(await platform.found("Secret", f"loyalty-{what}"))

        async def rolled() -> bool:
            now = (await platform.found("Deployment", "loyalty"))["spec"]["template"]["metadata"]["annotations"]
            return bool(now[f"mercato.dev/{what}-credential"] != template[f"mercato.dev/{what}-credential"])

        await platform.holds(rolled)
        await platform.ready("loyalty")
        secret = await platform.found("Secret", "loyalty-database")
        platform.sign_in("loyalty", b64decode(secret["data"]["password"]).decode()).close()


async def test_what_it_left_out_is_left_to_others(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty"))
        await platform.ready("loyalty")
        each = await platform.found("Deployment", "loyalty")
        about = {key: each["metadata"][key] for key in ("name", "namespace")}
        annotation = {"metadata": {"annotations": {"theirs": "kept"}}}
        await platform.admin.put(
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": about, "spec": {"template": annotation}}
        )
        await platform.admin.put(platform.service("loyalty", port=8000))
        await platform.ready("loyalty")
        template = (await platform.found("Deployment", "loyalty"))["spec"]["template"]
        assert template["metadata"]["annotations"]["theirs"] == "kept"
        assert template["spec"]["containers"][0]["ports"][0]["containerPort"] == 8000


# -- conflicts --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["Service", "Secret"])
async def test_an_object_of_somebody_else_stays_as_it_is_and_is_named(platform: Platform, kind: str) -> None:
    name = platform.name("loyalty") + ("-database" if kind == "Secret" else "")
    about = {"name": name, "namespace": platform.namespace, "labels": {"app.kubernetes.io/name": "mercato"}}
    theirs: Object = {"apiVersion": "v1", "kind": kind, "metadata": about}
    theirs |= {"data": {"key": "dmFsdWU="}} if kind == "Secret" else {"spec": {"ports": [{"port": 5}]}}
    before = await platform.admin.put(theirs)
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", **WHOLE))
        told = await platform.tells("loyalty", "Conflict", "NameTaken")
        assert told["status"] == "True"
        assert f"There is a {kind} {name}" in told["message"]
        assert (await platform.conditions("loyalty"))["Ready"]["status"] == "False"
        assert await platform.children("loyalty") == {}
        assert not platform.has_role("loyalty")
        assert (await platform.admin.get(theirs))["metadata"]["resourceVersion"] == before["metadata"][
            "resourceVersion"
        ]
        await platform.admin.delete(theirs)
        await platform.ready("loyalty")


async def test_of_two_services_with_one_path_the_younger_is_not_served_until_the_older_goes(platform: Platform) -> None:
    older, younger = "z-first", "a-second"
    async with platform.operated():
        await platform.admin.put(platform.service(older, route={"pathPrefix": "/api/v1/points"}))
        await platform.ready(older)

        async def another_second() -> bool:  # ages are told in seconds
            probe = await platform.admin.put(platform.service("probe"))
            await platform.admin.delete(platform.service("probe"))
            first = (await platform.admin.get(platform.service(older)))["metadata"]["creationTimestamp"]
            return bool(probe["metadata"]["creationTimestamp"] > first)

        await platform.holds(another_second)
        await platform.admin.put(platform.service(younger, route={"pathPrefix": "/api/v1/points/mine"}))
        told = await platform.tells(younger, "Conflict", "PathTaken")
        assert platform.name(older) in told["message"]
        assert (await platform.conditions(younger))["RouteReady"]["status"] == "False"
        assert await platform.exists("Deployment", younger), "all but its route is made"
        assert not await platform.exists("ConfigMap", f"{younger}-route")
        assert (await platform.conditions(older))["Conflict"]["status"] == "False"

        await platform.admin.put(platform.service(older, route={"pathPrefix": "/api/v1/elsewhere"}))
        await platform.ready(younger)
        assert await platform.exists("ConfigMap", f"{younger}-route")
        await platform.admin.put(platform.service(older, route={"pathPrefix": "/api/v1/points"}))
        await platform.tells(younger, "Conflict", "PathTaken")

        async def not_served() -> bool:
            return not await platform.exists("ConfigMap", f"{younger}-route")

        await platform.holds(not_served)
        await platform.admin.delete(platform.service(older))
        await platform.ready(younger)


async def test_a_path_of_the_platform_itself_is_not_given_away(platform: Platform) -> None:
    path = {"path": {"type": "Exact", "value": "/api/v1/orders"}}
    document = {"kind": "HTTPRoute", "metadata": {"name": "orders"}, "spec": {"rules": [{"matches": [path]}]}}
    about = {
        "name": "gateway-routes",
        "namespace": platform.namespace,
        "labels": {"mercato.dev/gateway-config": "true"},
    }
    own = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": about,
        "data": {"orders.yaml": yaml.safe_dump(document)},
    }
    await platform.admin.put(own)
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", route={"pathPrefix": "/api/v1/orders/loyal"}))
        told = await platform.tells("loyalty", "Conflict", "PathTaken")
        assert "the platform's route orders" in told["message"]
        await platform.admin.put(platform.service("loyalty", route={"pathPrefix": "/api/v1/loyalty"}))
        await platform.ready("loyalty")
