"""A pod's own access: the mounted token of its ServiceAccount, read again when kubelet has renewed it."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from kubernetes.aio.config import incluster_config

from services.chassis.kube.client import Kubernetes, KubernetesError, Resource
from tests.support.administrator import Administrator
from tests.support.api_server import ApiServer

CONFIGMAPS = Resource("v1", "configmaps")


async def test_the_mounted_token_is_used_and_read_again(
    api: ApiServer, admin: Administrator, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await admin.put(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "config", "namespace": namespace}}
    )
    user = f"system:serviceaccount:{namespace}:config"
    await admin.grant(user, namespace, [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}])
    mounted = tmp_path / "token"
    mounted.write_text(await admin.token(namespace, "config"))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(urlsplit(api.url).port))
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(mounted))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(api.authority))
    loader = incluster_config.InClusterConfigLoader
    started = loader.__init__

    def impatient(self: Any, *args: object, **kwargs: object) -> None:
        started(self, *args, **kwargs)  # type: ignore[no-untyped-call]
        self._token_refresh_period = timedelta(0)  # a minute, otherwise

    monkeypatch.setattr(loader, "__init__", impatient)
    async with Kubernetes("test") as client:
        assert await client.list(CONFIGMAPS, namespace)
        mounted.write_text("no token any more")
        with pytest.raises(KubernetesError) as caught:
            await client.list(CONFIGMAPS, namespace)
        assert caught.value.status == 401
        mounted.write_text(await admin.token(namespace, "config"))
        assert await client.list(CONFIGMAPS, namespace)
        with pytest.raises(KubernetesError, match="forbidden"):
            await client.list(CONFIGMAPS)
