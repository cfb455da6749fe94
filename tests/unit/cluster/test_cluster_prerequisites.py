"""What is missing is named at once, with the one line that installs it."""

import pytest

from cli.cluster import prerequisites
from cli.cluster.errors import ClusterError


def test_all_that_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prerequisites, "missing", lambda: ["etcd-server", "runc"])
    monkeypatch.setattr(prerequisites, "find", lambda program: None)
    with pytest.raises(ClusterError) as error:
        prerequisites.require_packages(install=False, tools_built=False)
    assert "apt-get install --no-install-recommends etcd-server runc" in error.value.message
    assert "install Go 1.21 or newer" in error.value.message


def test_go_is_not_asked_for_once_the_tools_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prerequisites, "missing", list)
    monkeypatch.setattr(prerequisites, "find", lambda program: None)
    prerequisites.require_packages(install=False, tools_built=True)


def test_a_package_is_missing_when_its_program_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prerequisites, "find", lambda program: None if program == "etcd" else f"/bin/{program}")
    monkeypatch.setattr(prerequisites, "cni_folder", lambda: None)
    assert prerequisites.missing() == ["etcd-server", "containernetworking-plugins"]


@pytest.mark.parametrize(
    ("system", "user", "remedy"), [("Darwin", 501, "start Docker or Podman"), ("Linux", 1000, "sudo")]
)
def test_where_no_node_can_be_the_remedy_is_named(
    monkeypatch: pytest.MonkeyPatch, system: str, user: int, remedy: str
) -> None:
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("os.geteuid", lambda: user)
    with pytest.raises(ClusterError, match=remedy):
        prerequisites.require_linux_root()
