"""Spring's programs are built once for each state of their sources, and what is missing is said."""

import os
import threading
from pathlib import Path

import pytest

from tests.support.absent import Absent
from tests.support.spring import building


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache, whose programs are in the folder given; sources are a module and a file."""
    programs, sources = tmp_path / "bin", tmp_path / "sources"
    programs.mkdir()
    (sources / "client").mkdir(parents=True)
    (sources / "client" / "Client.java").write_text("class Client {}")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(building, "SOURCES", sources)
    _program(programs / "java", "exit 0")
    return programs


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _maven(programs: Path, jar: Path) -> Path:
    """Builds as Maven does; the file given back has a line for each build."""
    jar.touch()
    log = programs / "builds"
    _program(
        programs / "mvn",
        f"echo \"$@\" >> {log}\nmkdir -p client/target\nprintf '%s' {jar} > client/target/class-path",
    )
    return log


def test_it_is_built_once_and_again_when_a_source_changes(machine: Path, tmp_path: Path) -> None:
    log = _maven(machine, tmp_path / "a.jar")
    first = building.command("client", "Client")
    assert first[0] == str(machine / "java")
    assert first[-1] == "Client"
    assert first[-2].endswith(f"client/target/classes{os.pathsep}{tmp_path / 'a.jar'}")
    assert building.command("client", "Client") == first
    assert len(log.read_text().splitlines()) == 1
    (building.SOURCES / "client" / "Client.java").write_text("class Client { int more; }")
    assert building.command("client", "Client") != first
    assert len(log.read_text().splitlines()) == 2


def test_it_is_built_again_when_maven_has_lost_a_jar(machine: Path, tmp_path: Path) -> None:
    log = _maven(machine, tmp_path / "a.jar")
    building.command("client", "Client")
    (tmp_path / "a.jar").unlink()
    building.command("client", "Client")
    assert len(log.read_text().splitlines()) == 2


def test_two_that_ask_at_the_same_time_build_once(machine: Path, tmp_path: Path) -> None:
    log = _maven(machine, tmp_path / "a.jar")
    threads = [threading.Thread(target=building.command, args=("client", "Client")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(log.read_text().splitlines()) == 1


def test_without_java_or_maven_it_says_which(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(machine))
    with pytest.raises(Absent, match="Maven is not installed"):
        building.command("client", "Client")
    (machine / "java").unlink()
    with pytest.raises(Absent, match="Java is not installed"):
        building.command("client", "Client")


def test_without_a_network_it_is_absent_and_a_mistake_in_the_sources_is_an_error(machine: Path) -> None:
    _program(machine / "mvn", "echo '[ERROR] Could not transfer artifact x:y:pom:1 from/to central'; exit 1")
    with pytest.raises(Absent, match=r"cannot download .* x:y:pom:1"):
        building.command("client", "Client")
    _program(machine / "mvn", "echo '[ERROR] Client.java:[1,1] class expected'; exit 1")
    with pytest.raises(RuntimeError, match="class expected"):
        building.command("client", "Client")


def test_a_mirror_for_kafka_s_jars_is_maven_s_too(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MERCATO_MAVEN_REPOSITORY", "http://mirror.test/maven?a&b")
    log = _maven(machine, tmp_path / "a.jar")
    building.command("client", "Client")
    words = log.read_text().split()
    settings = Path(words[words.index("--global-settings") + 1]).read_text()
    assert "<mirrorOf>central</mirrorOf><url>http://mirror.test/maven?a&amp;b</url>" in settings
