"""The rights that the controller needs: these, and no other."""

from typing import Any

import pytest

from tests.cluster.operator_services.platform import WHOLE, Platform
from tests.support.api_server import ApiServer
from tests.support.rights import Right, asked

NAMED = ["create", "patch", "delete", "get", "list", "watch"]
RULES: list[dict[str, Any]] = [
    {"apiGroups": ["mercato.dev"], "resources": ["commerceservices"], "verbs": ["get", "list", "patch", "watch"]},
    {"apiGroups": ["mercato.dev"], "resources": ["commerceservices/status"], "verbs": ["patch"]},
    {"apiGroups": [""], "resources": ["serviceaccounts", "secrets", "configmaps", "services"], "verbs": NAMED},
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": NAMED},
    {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": NAMED},
    {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": NAMED},
    {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": NAMED},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
]
ACCOUNT = "operator"


def rights(namespace: str) -> set[Right]:
    return {
        Right(rule["apiGroups"][0], resource, verb, namespace)
        for rule in RULES
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


async def test_they_are_enough_and_all_are_used(
    platform: Platform, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, namespace = platform.admin, platform.namespace
    about = {"name": ACCOUNT, "namespace": namespace}
    await admin.put({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": about})
    group = "rbac.authorization.k8s.io"
    await admin.put({"apiVersion": f"{group}/v1", "kind": "Role", "metadata": about, "rules": RULES})
    subject = {"kind": "ServiceAccount", **about}
    reference = {"apiGroup": group, "kind": "Role", "name": ACCOUNT}
    binding = {"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": about}
    await admin.put({**binding, "roleRef": reference, "subjects": [subject]})
    kubeconfig = api.kubeconfig_of_account(namespace, ACCOUNT, await admin.token(namespace, ACCOUNT))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    async with platform.operated():
        await admin.put(platform.service("loyalty", **WHOLE, deletionPolicy="Delete"))
        await platform.ready("loyalty")
        rotate = {"mercato.dev/rotate": "now"}
        await admin.put(platform.service("loyalty", annotations=rotate, **WHOLE, deletionPolicy="Delete"))
        await platform.ready("loyalty")
        scaled: dict[str, Any] = {"autoscaling": {"maxReplicas": 2}, "deletionPolicy": "Delete"}
        await admin.put(platform.service("loyalty", **scaled))
        await platform.ready("loyalty")
        await admin.put(platform.service("loyalty", deletionPolicy="Delete"))
        await platform.ready("loyalty")
        await admin.delete(platform.service("loyalty"))

        async def gone() -> bool:
            return bool((await admin.get(platform.service("loyalty")))["kind"] == "Status")

        await platform.holds(gone)
    allowed, refused = asked(api.audit_log, ACCOUNT, namespace, rights(namespace))
    assert not refused
    unused = {(right.resource, right.verb) for right in rights(namespace) - allowed}
    # A service's own account, address and policy stay as long as it does; the end is the garbage collector's.
    expected = {(each, "delete") for each in ("serviceaccounts", "services", "networkpolicies")}
    # To make an object by a patch takes the right to create it, of which no log tells.
    assert {each for each in unused if each[1] != "create"} <= expected
