"""A cluster knows whether it runs, whatever was killed, and says how to go on."""

import os
from pathlib import Path

import psutil
import pytest

from cli.cluster.errors import ClusterError
from cli.cluster.layout import Cluster, Record
from cli.cluster.lock import exclusive


def test_nothing_started_is_not_running(cluster: Cluster) -> None:
    assert cluster.record is None
    assert not cluster.running
    with pytest.raises(ClusterError, match=r"start it with \./mercato cluster up --name trial --data"):
        cluster.require_running()


def test_a_live_process_of_that_start_time_is_the_node(cluster: Cluster) -> None:
    cluster.data.mkdir()
    cluster.write_record(Record("node", "", pid=os.getpid(), started=psutil.Process().create_time()))
    assert cluster.running


def test_a_pid_that_someone_else_has_by_now_is_not_the_node(cluster: Cluster) -> None:
    cluster.data.mkdir()
    cluster.write_record(Record("node", "", True, os.getpid(), psutil.Process().create_time() - 60))
    assert not cluster.running


@pytest.mark.parametrize("text", ["", "{", '{"backend": "node"}', '{"what": 1}'])
def test_a_record_cut_short_counts_as_none(cluster: Cluster, text: str) -> None:
    cluster.data.mkdir()
    cluster.record_file.write_text(text)
    assert cluster.record is None
    assert not cluster.running


@pytest.mark.parametrize("name", ["", "-a", "A", "a_b", "a/b", "..", "a-", "x" * 33])
def test_a_name_that_no_node_may_have_is_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="not a cluster name"):
        Cluster.find(name)


def test_clusters_of_one_name_in_two_checkouts_do_not_share_a_scope(tmp_path: Path) -> None:
    assert Cluster("a", tmp_path / "1").scope != Cluster("a", tmp_path / "2").scope


def test_commands_name_what_a_person_must_type() -> None:
    assert Cluster.find().command("up") == "./mercato cluster up"
    assert Cluster.find("two").command("down") == "./mercato cluster down --name two"


def test_one_command_at_a_time(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        exclusive(lock, "it"),
        pytest.raises(ClusterError, match="another command is at work on it"),
        exclusive(lock, "it"),
    ):
        pass
    with exclusive(lock, "it"):
        assert lock.exists()
    assert not lock.exists()
