"""Which kubectl is used, and what its failures mean for a person."""

import subprocess
from pathlib import Path

import pytest

from cli.cluster import tools
from cli.platform.errors import PlatformError
from cli.platform.kubectl import Kubectl, NotThereError, TimedOutError, failure, program
from tests.unit.platform.fake_kubectl import NOT_FOUND, FakeKubectl

REMEDY = "set KUBECONFIG, or see kubectl config view"


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (NOT_FOUND + 'cronjobs.batch "toolbox" not found', 'cronjobs.batch "toolbox" not found in namespace shop'),
        (
            'Error from server (Forbidden): pods is forbidden: User "eve" cannot list resource "pods"',
            'not allowed in namespace shop: pods is forbidden: User "eve" cannot list resource "pods"',
        ),
        ("Error from server (InternalError): broken", "the cluster refused: broken (InternalError)"),
        (
            'E1 memcache.go:265] "Unhandled Error"\nThe connection to the server localhost:8080 was refused - why?\n',
            f"kubectl reaches no cluster (The connection to the server localhost:8080 was refused - why?): {REMEDY}",
        ),
        (
            "error: stat /nowhere: no such file or directory",
            f"kubectl reaches no cluster (stat /nowhere: no such file or directory): {REMEDY}",
        ),
        ("error: unknown flag: --x", "kubectl failed: unknown flag: --x"),
        ("", "kubectl failed: no reason given"),
    ],
)
def test_a_failure_is_one_line(said: str, means: str) -> None:
    assert str(failure(said, "shop")) == means


def test_what_is_not_there_is_told_apart() -> None:
    assert isinstance(failure(NOT_FOUND + 'pods "x" not found', "shop"), NotThereError)


def test_it_works_in_the_namespace_with_the_callers_cluster(kubectl: FakeKubectl, tmp_path: Path) -> None:
    kubectl.answer("get pods", "a\n")
    assert Kubectl("shop").run("get", "pods") == "a\n"
    assert kubectl.calls() == [["--namespace", "shop", "get", "pods"]]
    given = tmp_path / "kubeconfig"
    assert Kubectl("shop", given).environment["KUBECONFIG"] == str(given)


def test_one_that_hangs_is_ended(kubectl: FakeKubectl) -> None:
    kubectl.answer("get", seconds=30)
    with pytest.raises(TimedOutError, match=r"kubectl get did not end within 0 s"):
        Kubectl("shop").run("get", "pods", seconds=0.2)


def test_without_one_on_the_path_the_one_of_the_development_cluster_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(tools.Tool, "built", True)
    assert program() == str(tools.KUBECTL.program("kubectl"))


def test_without_any_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(tools.Tool, "built", False)
    with pytest.raises(PlatformError, match=r"no kubectl on the PATH: install it"):
        program()


def test_an_absent_part_is_explained_by_what_else_is_absent(kubectl: FakeKubectl) -> None:
    found = Kubectl("shop")
    kubectl.answer("get namespace", "shop")
    kubectl.answer("get deployments", "deployment.apps/order\n")
    assert str(found.absent("it is off")) == "it is off"
    kubectl.answer("get deployments", "")
    assert str(found.absent("it is off")).startswith("there is no Mercato in namespace shop: helm install mercato")
    kubectl.refuse("get namespace", NOT_FOUND + 'namespaces "shop" not found')
    assert str(found.absent("it is off")) == "there is no namespace shop in the cluster that kubectl means"
    kubectl.refuse("get namespace", "Error from server (Forbidden): no")
    assert str(found.absent("it is off")) == "it is off"


def test_the_fake_is_a_program_of_its_own(kubectl: FakeKubectl) -> None:
    kubectl.answer("version", "fake")
    done = subprocess.run(["kubectl", "version"], capture_output=True, text=True, timeout=10, check=True)
    assert done.stdout == "fake"
