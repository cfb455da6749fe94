"""The command line's manners: exit codes, one line for each mistake, files it may touch."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import instance as instances
from cli.instance import Instance, Setup
from cli.main import COMMANDS, cli


@pytest.fixture
def run() -> CliRunner:
    return CliRunner()


@pytest.fixture(autouse=True)
def fresh_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instances, "LAST_STARTED", tmp_path / "last-started")
    monkeypatch.setattr(instances, "DEFAULT_DATA", tmp_path / "default-data")


def test_help_names_every_command_and_imports_none(run: CliRunner) -> None:
    result = run.invoke(cli, ["--help"])
    assert result.exit_code == 0
    assert all(name in result.output for name in COMMANDS)


@pytest.mark.parametrize(
    "wish", ["ghost=2", "gateway=2", "order", "order=", "order=0", "order=10", "order=two", "order=²"]
)
def test_wrong_replicas_are_wrong_usage(run: CliRunner, wish: str) -> None:
    result = run.invoke(cli, ["up", "--replicas", wish])
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "words",
    [["--postgres", "mysql://x"], ["--kafka", "nowhere"], ["--kafka", "a:1,b"], ["--port", "0"], ["--port", "70000"]],
)
def test_wrong_addresses_are_wrong_usage(run: CliRunner, words: list[str]) -> None:
    assert run.invoke(cli, ["up", *words]).exit_code == 2


def test_an_unknown_command_is_wrong_usage(run: CliRunner) -> None:
    assert run.invoke(cli, ["fly"]).exit_code == 2


@pytest.mark.parametrize("command", ["status", "logs", "down"])
def test_a_missing_data_folder_is_one_line_that_names_the_remedy(run: CliRunner, command: str, tmp_path: Path) -> None:
    result = run.invoke(cli, [command, "--data", str(tmp_path / "ghost")])
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "./mercato up --data" in result.stderr


@pytest.mark.parametrize("command", ["status", "logs", "down"])
def test_nothing_started_yet_is_one_line_that_names_the_remedy(run: CliRunner, command: str) -> None:
    result = run.invoke(cli, [command])
    assert result.exit_code == 1
    assert result.stderr == "Error: nothing was started from this checkout yet: start it with ./mercato up\n"


def test_a_taken_port_is_one_line_and_nothing_is_started(run: CliRunner, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = run.invoke(cli, ["up", "--detach", "--port", str(port), "--data", str(tmp_path / "data")])
    assert result.exit_code == 1
    assert result.stderr == f"Error: port {port} is in use: stop what listens there or choose another --port\n"
    assert not (tmp_path / "data" / "instance.json").exists()


def test_a_full_disk_is_one_line_and_nothing_is_started(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.launch.ROOM", 2**60)
    result = run.invoke(cli, ["up", "--detach", "--port", "19999", "--data", str(tmp_path / "data")])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: no space left on the disk")
    assert len(result.stderr.splitlines()) == 1


def test_up_refuses_a_folder_that_holds_something_else(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    result = run.invoke(cli, ["up", "--data", str(tmp_path / "home")])
    assert result.exit_code == 1
    assert "choose another --data" in result.stderr


def test_purge_refuses_a_folder_that_is_not_mercatos(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    assert run.invoke(cli, ["down", "--purge", "--data", str(tmp_path / "home")]).exit_code == 1
    assert (tmp_path / "home" / "letter.txt").exists()


def test_purge_deletes_the_data_of_a_stopped_instance(run: CliRunner, stopped: Instance) -> None:
    assert run.invoke(cli, ["down", "--purge", "--data", str(stopped.data)]).exit_code == 0
    assert not stopped.data.exists()


def test_down_is_content_with_a_stopped_instance(run: CliRunner, stopped: Instance) -> None:
    result = run.invoke(cli, ["down", "--data", str(stopped.data)])
    assert result.exit_code == 0
    assert "is not running" in result.output


def test_status_of_a_stopped_instance_has_no_processes(run: CliRunner, stopped: Instance) -> None:
    result = run.invoke(cli, ["status", "--json", "--data", str(stopped.data)])
    assert result.exit_code == 0
    assert result.output.split() == ["{", '"processes":', "[]", "}"]


def test_logs_merge_by_time_and_one_service_includes_its_replicas(run: CliRunner, stopped: Instance) -> None:
    stopped.log_directory.mkdir()
    for name, text in {
        "kafka": "2026-01-01 10:00:02.000 WARN third\n  at its cause\n",
        "order": '{"time": "2026-01-01T10:00:01Z", "message": "second"}\n',
        "order-2": "2026-01-01 10:00:00.500 UTC first\n",
    }.items():
        (stopped.log_directory / f"{name}.log").write_text(text)
    every = run.invoke(cli, ["logs", "--data", str(stopped.data)]).output.splitlines()
    assert [line.split(" | ")[0].strip() for line in every] == ["order-2", "order", "kafka", "kafka"]
    order = run.invoke(cli, ["logs", "order", "--data", str(stopped.data)]).output
    assert "first" in order
    assert "second" in order
    assert "third" not in order


def test_logs_of_an_unknown_service_are_wrong_usage(run: CliRunner, stopped: Instance) -> None:
    assert run.invoke(cli, ["logs", "ghost", "--data", str(stopped.data)]).exit_code == 2


@pytest.fixture
def stopped(tmp_path: Path) -> Instance:
    instance = Instance(tmp_path / "data")
    instance.data.mkdir()
    instance.save(Setup(8080, {}, mail=True, ports={}))
    return instance


def test_without_data_the_instance_last_started_is_meant(stopped: Instance) -> None:
    stopped.remember()
    assert Instance.find(None).data == stopped.data
