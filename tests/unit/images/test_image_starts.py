"""How the images' own programs start: Kafka closed by default, PostgreSQL by SCRAM only, services that reload."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.embedded import kafka as embedded
from tests.support.loading import ROOT, load

kafka = load("images/kafka/start.py")
postgres = load("images/postgres/start.py")
reload = load("images/reload.py")


def test_kafka_takes_nobody_without_a_password(tmp_path: Path) -> None:
    text = kafka.configuration("kafka", tmp_path)["server.properties"]
    settings = settings_of(text)
    protocols = dict(pair.split(":") for pair in settings["listener.security.protocol.map"].split(","))
    assert set(protocols.values()) == {"SASL_PLAINTEXT"}
    assert settings["allow.everyone.if.no.acl.found"] == "false"
    assert settings["super.users"] == "User:admin"
    listeners = settings["listeners"].split(",")
    assert [name for name in listeners if "localhost" not in name] == ["CLIENTS://:9092"]


def test_kafkas_password_is_not_written_down(tmp_path: Path) -> None:
    assert 'password="${env:KAFKA_ADMIN_PASSWORD}"' in kafka.configuration("kafka", tmp_path)["server.properties"]


def test_kafka_starts_with_what_its_image_holds_alone(tmp_path: Path) -> None:
    home = "/opt/kafka/"
    text = (ROOT / "images" / "kafka.Dockerfile").read_text(encoding="utf-8")
    for sources, folder in re.findall(rf"^COPY (?!--from)(.+) {home}(\S*)$", text, re.MULTILINE):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for source in sources.split():
            shutil.copy(ROOT / source, tmp_path / folder)
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import start; start.main()"
    command = [sys.executable, "-I", "-S", "-c", program]
    done = subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == "kafka: KAFKA_ADMIN_PASSWORD is missing: set the password of the user admin\n"


def test_kafka_is_the_same_node_in_the_image_and_on_one_machine(tmp_path: Path) -> None:
    """But for who may reach it: one is closed to everyone without a password, the other is on loopback."""
    asyncio.run(embedded.format_storage(prepared(tmp_path / "embedded"), (9092, 9093), {}))
    ours = settings_of((tmp_path / "embedded" / "server.properties").read_text())
    images = settings_of(kafka.configuration("kafka", tmp_path / "image")["server.properties"])
    apart = {"controller.quorum.voters", "listeners", "advertised.listeners", "log.dirs"}
    assert {name: images[name] for name in ours.keys() - apart} == {name: ours[name] for name in ours.keys() - apart}
    assert len(ours.keys() - apart) > 10
    log4j = kafka.configuration("kafka", tmp_path)["log4j2.yaml"]
    assert (tmp_path / "embedded" / "log4j2.yaml").read_text() == log4j


def prepared(folder: Path) -> Path:
    """With a storage that is formatted already."""
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "meta.properties").touch()
    return folder


def settings_of(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if not line.startswith("#"))


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "KAFKA_ADMIN_PASSWORD is missing"),
        ({"KAFKA_ADMIN_PASSWORD": 'a",b'}, "use letters and digits"),
        ({"KAFKA_ADMIN_PASSWORD": "geheim1"}, None),
    ],
)
def test_a_password_kafka_could_not_take_is_refused(environment: Mapping[str, str], says: str | None) -> None:
    complaint = kafka.complaint(environment)
    assert complaint is None if says is None else says in complaint


def test_a_half_formatted_storage_is_formatted_anew_and_a_whole_one_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "half").touch()
    making = f"import pathlib; p = pathlib.Path({str(data)!r}); p.mkdir(); (p / 'meta.properties').touch()"
    kafka.format_storage([sys.executable, "-c", making], tmp_path, {"KAFKA_ADMIN_PASSWORD": "x"})
    assert [path.name for path in data.iterdir()] == ["meta.properties"]
    kafka.format_storage(["false"], tmp_path, {"KAFKA_ADMIN_PASSWORD": "x"})


def test_postgresql_lets_in_by_scram_only_and_over_the_network_only() -> None:
    rules = [line.split() for line in postgres.ACCESS.splitlines() if not line.startswith("#")]
    assert {rule[-1] for rule in rules} == {"scram-sha-256"}
    command = postgres.server(Path("/data"), "250")
    assert "--max_connections=250" in command
    assert "--unix_socket_directories=" in command


def test_postgresql_keeps_a_cluster_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "PG_VERSION").write_text("18")
    monkeypatch.setenv("PATH", "")
    postgres.create_cluster(tmp_path, "geheim")


def test_postgresql_runs_as_any_user_that_has_a_name_and_says_so_of_others() -> None:
    assert postgres.complaint(os.getuid()) is None
    told = postgres.complaint(1_000_770_000)
    assert told is not None
    assert "user 1000770000 has no name in /etc/passwd" in told
    assert "run as 65532" in told


def test_a_changed_python_file_is_seen_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    before = reload.snapshot(tmp_path)
    (tmp_path / "a.txt").write_text("1")
    assert reload.snapshot(tmp_path) == before
    (tmp_path / "b.py").write_text("1")
    assert reload.snapshot(tmp_path) != before


def test_a_restart_ends_the_old_process_before_the_new_one_starts(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = f"import os, time; open({str(log)!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(60)"
    reloader = reload.Reloader([sys.executable, "-c", program])

    def starts(number: int) -> list[str]:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            lines = log.read_text().splitlines() if log.exists() else []
            if len(lines) == number:
                return lines
            time.sleep(0.02)
        raise AssertionError(f"{number} starts were not seen")

    reloader.start()
    starts(1)
    reloader.restart()
    first, second = starts(2)
    reloader.stop()
    assert first != second
    assert not any(Path(f"/proc/{pid}").exists() for pid in (first, second))


def test_the_images_own_parts_are_the_same_in_every_dockerfile() -> None:
    shared = ("tools", "bare", "web", "on-web", "kubernetes", "on-kubernetes")
    stages: dict[str, set[str]] = {name: set() for name in shared}
    for path in (ROOT / "images").glob("*.Dockerfile"):
        if path.name == "base.Dockerfile":
            continue
        for stage in path.read_text(encoding="utf-8").split("\nFROM ")[1:]:
            _, named, name = stage.partition("\n")[0].partition(" AS ")
            if named and name in stages:
                stages[name].add(stage.partition("\n\n")[0].strip())
        assert "\nUSER 65532:65532\n" in path.read_text(encoding="utf-8")
    assert {name: len(found) for name, found in stages.items()} == dict.fromkeys(shared, 1)
