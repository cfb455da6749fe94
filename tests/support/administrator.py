"""The administrator of a test's cluster: puts objects in place as `kubectl apply` does, and looks at them."""

import json
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import yaml

Object = dict[str, Any]
PLURALS = {
    "GatewayClass": "gatewayclasses",
    "GatewayPolicy": "gatewaypolicies",
    "NetworkPolicy": "networkpolicies",
    "PriorityClass": "priorityclasses",
}
CLUSTER_WIDE = {
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "GatewayClass",
    "Namespace",
    "PriorityClass",
}


class Administrator:
    """Enter it to connect with a kubeconfig whose user has a certificate."""

    def __init__(self, kubeconfig: Path) -> None:
        content = yaml.safe_load(kubeconfig.read_text())
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        self._trust = ssl.create_default_context(cafile=cluster["certificate-authority"])
        self._trust.load_cert_chain(user["client-certificate"], user["client-key"])
        self._url = cluster["server"]

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._trust), timeout=aiohttp.ClientTimeout(total=20), trust_env=False
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def put(self, content: Object, *, status: bool = False) -> Object:
        """Creates or changes an object, or its status; raises AssertionError with the server's words."""
        query = {"fieldManager": "test", "force": "true", "fieldValidation": "Strict"}
        answer = await self._call("PATCH", _path(content) + ("/status" if status else ""), content, query)
        assert answer.pop("kind") != "Status", answer
        return answer

    async def refusal(self, content: Object) -> str:
        """Why the server does not take the object; empty when it does."""
        answer = await self._call(
            "PATCH", _path(content), content, {"fieldManager": "test", "fieldValidation": "Strict"}
        )
        return str(answer["message"]) if answer["kind"] == "Status" else ""

    async def get(self, content: Object) -> Object:
        return await self._call("GET", _path(content))

    async def items(self, path: str) -> list[Object]:
        """The items under a path such as `/api/v1/namespaces/x/events`."""
        items: list[Object] = (await self._call("GET", path))["items"]
        return items

    async def submitted(
        self, method: str, path: str, manifest: str, query: Mapping[str, str]
    ) -> tuple[Object, list[str]]:
        """What the server answers to a manifest as it is written, and what it warns of."""
        kind = "application/apply-patch+yaml" if method == "PATCH" else "application/yaml"
        headers = {"content-type": kind, "accept": "application/json"}
        async with self._http.request(
            method, self._url + path, data=manifest, params=query, headers=headers
        ) as response:
            return await response.json(), response.headers.getall("Warning", [])

    async def discovered(self, path: str) -> list[Object]:
        """The groups of kinds under `/api` or `/apis`, with all that is known of them."""
        headers = {"accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}
        async with self._http.get(self._url + path, headers=headers) as response:
            groups: list[Object] = (await response.json())["items"]
            return groups

    async def delete(self, content: Object) -> None:
        await self._call("DELETE", _path(content))

    async def token(self, namespace: str, account: str) -> str:
        """A fresh token of a ServiceAccount, as a pod of it would be given."""
        path = f"{self._url}/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        content = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
        async with self._http.post(path, json=content) as response:
            return str((await response.json())["status"]["token"])

    async def grant(self, user: str, namespace: str | None, rules: Sequence[Mapping[str, Any]]) -> None:
        """Lets `user` do what the rules say, in one namespace, or in all of them."""
        scope, prefix = ({"namespace": namespace}, "") if namespace else ({}, "Cluster")
        name, group = f"test-{user}", "rbac.authorization.k8s.io"
        api, metadata = f"{group}/v1", {"name": name, **scope}
        await self.put({"apiVersion": api, "kind": f"{prefix}Role", "metadata": metadata, "rules": list(rules)})
        reference = {"apiGroup": group, "kind": f"{prefix}Role", "name": name}
        subjects = [{"apiGroup": group, "kind": "User", "name": user}]
        binding = {"apiVersion": api, "kind": f"{prefix}RoleBinding", "metadata": metadata}
        await self.put({**binding, "roleRef": reference, "subjects": subjects})

    async def _call(
        self, method: str, path: str, content: Object | None = None, query: Mapping[str, str] | None = None
    ) -> Object:
        headers = {"content-type": "application/apply-patch+yaml"} if method == "PATCH" else {}
        body = json.dumps(content) if content else None  # JSON is YAML, and fast
        async with self._http.request(method, self._url + path, data=body, params=query, headers=headers) as response:
            answer: Object = await response.json()
            return answer


def _path(content: Object) -> str:
    kind, metadata = content["kind"], content["metadata"]
    plural = PLURALS.get(kind, f"{kind.lower()}s")
    root = f"/apis/{content['apiVersion']}" if "/" in content["apiVersion"] else f"/api/{content['apiVersion']}"
    scope = "" if kind in CLUSTER_WIDE else f"/namespaces/{metadata['namespace']}"
    return f"{root}{scope}/{plural}/{metadata['name']}"
