"""kind's command lines, and which engine is asked."""

import stat
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from cli.cluster import addons, kind
from cli.cluster.configuration import PAUSE_IMAGE
from cli.cluster.errors import ClusterError
from cli.cluster.layout import Cluster
from cli.cluster.tools import MODULES
from cli.main import cli


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All programs that there are."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def answers(folder: Path, name: str, code: int) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\nexit {code}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_no_engine_is_none(programs: Path) -> None:
    assert kind.engine() is None


def test_a_client_whose_engine_is_away_does_not_count(programs: Path) -> None:
    answers(programs, "docker", 1)
    assert kind.engine() is None


def test_podman_serves_where_docker_does_not(programs: Path) -> None:
    answers(programs, "docker", 1)
    answers(programs, "podman", 0)
    assert kind.engine() == "podman"


def test_the_cluster_is_made_under_its_name_with_the_projects_configuration(cluster: Cluster) -> None:
    command = kind.create_command(cluster)
    assert command[1:] == [
        *("create", "cluster", "--name", "trial", "--kubeconfig", str(cluster.kubeconfig)),
        *("--config", str(kind.CONFIG), "--wait", "180s"),
    ]
    assert yaml.safe_load(kind.CONFIG.read_text())["kind"] == "Cluster"


def test_it_is_deleted_and_loaded_under_the_same_name(cluster: Cluster) -> None:
    assert kind.delete_command(cluster)[1:5] == ["delete", "cluster", "--name", "trial"]
    assert kind.load_command(cluster, Path("/a.tar"))[1:] == ["load", "image-archive", "/a.tar", "--name", "trial"]


def test_a_kind_cluster_without_its_engine_names_the_remedy(programs: Path, cluster: Cluster) -> None:
    with pytest.raises(ClusterError, match="start Docker or Podman"):
        kind.down(cluster)


def test_the_manifests_name_the_images_that_are_put_in() -> None:
    text = "".join(path.read_text() for path in MODULES.glob("*.yaml"))
    named = {line.split()[1] for line in text.splitlines() if line.strip().startswith("image:")}
    assert named == set(addons.IMAGES.values()) - {PAUSE_IMAGE}
    assert addons.KUBELET_TRUST in text


def test_status_of_what_is_not_running_fails_and_says_how_to_start_it(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["cluster", "status", "--data", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "start it with ./mercato cluster up" in result.output


def test_a_folder_that_is_not_a_clusters_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").touch()
    for verb in ("up", "down"):
        CliRunner().invoke(cli, ["cluster", verb, "--data", str(tmp_path)])
    assert (tmp_path / "letters").exists()
