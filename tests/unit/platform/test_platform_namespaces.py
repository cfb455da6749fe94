"""A platform in a namespace, from outside: its gateway and mailbox forwarded, its admin, its customers' folder."""

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli.platform import forward, namespaces
from cli.platform.errors import PlatformError
from cli.platform.forward import forwarded
from cli.platform.kubectl import Kubectl
from cli.platform.namespaces import entered, secret_of
from tests.unit.platform.fake_kubectl import NOT_FOUND, FakeKubectl


def forwarding(port: int) -> str:
    return f"Forwarding from 127.0.0.1:{port} -> 8080\n"


def reference(name: str, secret: str, key: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


CUSTOMER = {
    "metadata": {"name": "customer"},
    "spec": {
        "template": {
            "spec": {
                "containers": [
                    {"name": "sidecar"},
                    {
                        "name": "customer",
                        "env": [
                            {"name": "MERCATO_PORT", "value": "8080"},
                            reference("MERCATO_ADMIN_EMAIL", "first-admin", "email"),
                            reference("MERCATO_ADMIN_PASSWORD", "first-admin", "password"),
                        ],
                    },
                ]
            }
        }
    },
}


@pytest.fixture
def cluster(kubectl: FakeKubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKubectl:
    monkeypatch.setattr(namespaces, "FOLDER", tmp_path / "namespaces")
    kubectl.answer("get deployments", "deployment.apps/order")
    kubectl.answer("get namespace shop", {"metadata": {"uid": "0d5c"}})
    kubectl.answer("port-forward .* service/gateway :80", forwarding(41231), seconds=60)
    return kubectl


def test_the_gateway_is_on_the_port_that_kubectl_chose(cluster: FakeKubectl) -> None:
    with entered("shop") as site:
        assert site.gateway_url == "http://127.0.0.1:41231"
        assert site.remedies.status == "kubectl -n shop get pods"
        assert site.remedies.logs("order") == "kubectl -n shop logs deploy/order"
        assert site.remedies.command("topics") == "./mercato topics --namespace shop"


def test_forwarding_ends_with_the_command(cluster: FakeKubectl, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    begin = subprocess.Popen

    def popen(*arguments: Any, **options: Any) -> Any:
        started.append(begin(*arguments, **options))
        return started[-1]

    monkeypatch.setattr("cli.platform.forward.subprocess.Popen", popen)
    with forwarded(Kubectl("shop"), "gateway", 80):
        assert started[0].poll() is None
    assert started[0].poll() is not None


def test_customers_are_remembered_for_this_namespace_for_the_owners_eyes_alone(
    cluster: FakeKubectl, tmp_path: Path
) -> None:
    for _ in range(2):
        with entered("shop") as site:
            assert site.accounts_folder == tmp_path / "namespaces" / "0d5c"
            assert site.accounts_folder.stat().st_mode & 0o777 == 0o700
            assert site.accounts_folder.parent.stat().st_mode & 0o777 == 0o700


def test_the_admin_is_the_one_the_customer_service_has(cluster: FakeKubectl) -> None:
    cluster.answer("get deployment customer", CUSTOMER)
    data = {key: base64.b64encode(value.encode()).decode() for key, value in (("email", "a@b"), ("password", "g"))}
    cluster.answer("get secret first-admin", {"data": data})
    with entered("shop") as site:
        assert (site.admin.email, site.admin.password, site.admin.where) == ("a@b", "g", "Secret first-admin")
        assert "'g'" not in repr(site.admin)


def test_a_secret_without_the_key_is_named(cluster: FakeKubectl) -> None:
    cluster.answer("get deployment customer", CUSTOMER)
    cluster.answer("get secret first-admin", {"data": {}})
    with entered("shop") as site, pytest.raises(PlatformError, match=r"Secret first-admin has no key email: add it"):
        _ = site.admin


def test_a_secret_that_is_not_there_is_named(cluster: FakeKubectl) -> None:
    cluster.answer("get deployment customer", CUSTOMER)
    cluster.refuse("get secret", NOT_FOUND + 'secrets "first-admin" not found')
    with entered("shop") as site, pytest.raises(PlatformError, match=r'^secrets "first-admin" not found in namespace'):
        _ = site.admin


def test_an_admin_from_no_secret_is_refused() -> None:
    with pytest.raises(PlatformError, match=r"deployment customer takes MERCATO_X from no Secret"):
        secret_of(CUSTOMER, "MERCATO_X")


def test_the_mailbox_is_forwarded_when_it_is_asked_for(cluster: FakeKubectl) -> None:
    cluster.answer("port-forward .* service/mail :80", forwarding(41232), seconds=60)
    with entered("shop") as site:
        assert not cluster.calls("service/mail")
        assert site.mail_url == "http://127.0.0.1:41232"
        assert site.inbox.startswith("kubectl -n shop port-forward svc/mail 8025:80")


def test_without_a_mail_catcher_there_is_no_mailbox(cluster: FakeKubectl) -> None:
    cluster.refuse("port-forward .* service/mail", NOT_FOUND + 'services "mail" not found')
    with entered("shop") as site:
        assert site.mail_url is None


def entering(match: str) -> None:
    with pytest.raises(PlatformError, match=match), entered("shop"):
        raise AssertionError("it was entered")


def test_a_release_without_a_gateway_of_its_own_is_told_apart_from_none(cluster: FakeKubectl) -> None:
    cluster.refuse("port-forward", NOT_FOUND + 'services "gateway" not found')
    entering(r'services "gateway" not found in namespace shop: with gateway\.mode gateway-api the platform is reached')
    cluster.answer("get deployments", "")
    entering(r"there is no Mercato in namespace shop")


def test_a_gateway_that_does_not_run_is_one_line(cluster: FakeKubectl) -> None:
    cluster.refuse("port-forward", "error: unable to forward port because pod is not running. Current status=Pending")
    entering(r"kubectl failed: unable to forward port because pod is not running\. Current status=Pending")


def test_forwarding_that_does_not_come_is_given_up(cluster: FakeKubectl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "SECONDS", 0.2)
    cluster.answer("port-forward", "", seconds=60)
    entering(r"kubectl did not forward service/gateway within 0 s: see kubectl -n shop get pods")
