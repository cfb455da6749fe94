"""Tools are pinned, cached by their pins, and appear whole or not at all."""

import stat
import tarfile
from pathlib import Path

import pytest

from cli.cluster import tools
from cli.cluster.archive import write_archive
from cli.cluster.errors import ClusterError
from cli.cluster.tools import MODULES, Tool

ALL = (*tools.SINGLE_NODE, tools.KIND)


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A compiler that does as the test says."""
    program = tmp_path / "go"
    monkeypatch.setattr(tools, "find", lambda name: str(program))
    return program


def says(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_every_tool_has_its_pins(tool: Tool) -> None:
    assert tool.version.startswith("v") == bool(tool.source)
    if tool.source:
        assert f"{tool.source} {tool.version}/go.mod h1:" in (MODULES / tool.module / "go.sum").read_text()


def test_every_kubernetes_program_is_of_one_version() -> None:
    assert tools.NODE.version == tools.KUBECTL.version
    assert f"component-base/version.gitVersion={tools.NODE.version}" in tools.NODE.linker_flags


def test_a_build_lands_whole_in_the_cache(go: Path) -> None:
    says(go, 'while [ "$1" != -o ]; do shift; done; touch "$2/pause"')
    said: list[str] = []
    tools.build(tools.PAUSE, said.append)
    assert tools.PAUSE.built
    assert tools.PAUSE.program("pause").exists()
    assert said[-1].startswith("built pause in")


def test_a_failed_build_says_why_and_leaves_the_tool_unbuilt(go: Path) -> None:
    says(go, 'echo "go: no such module: rose" >&2; exit 1')
    with pytest.raises(ClusterError, match="no such module: rose; try again"):
        tools.build(tools.PAUSE, lambda line: None)
    assert not tools.PAUSE.built


def test_a_full_disk_is_named(go: Path) -> None:
    says(go, 'echo "write /x: no space left on device" >&2; exit 1')
    with pytest.raises(ClusterError, match="no space left on the disk"):
        tools.build(tools.PAUSE, lambda line: None)


def test_what_a_broken_off_build_left_is_no_tool(go: Path) -> None:
    half = tools.PAUSE.folder.with_name(f".{tools.PAUSE.folder.name}")
    half.mkdir(parents=True)
    (half / "old").touch()
    says(go, 'while [ "$1" != -o ]; do shift; done; touch "$2/pause"')
    tools.build(tools.PAUSE, lambda line: None)
    assert [path.name for path in tools.PAUSE.folder.iterdir()] == ["pause"]


def test_an_archive_holds_one_program_and_no_trace_of_who_made_it(tmp_path: Path) -> None:
    program = tmp_path / "pause"
    program.write_bytes(b"x")
    write_archive(tmp_path / "image.tar", "localhost/pause:1", program)
    with tarfile.open(tmp_path / "image.tar") as image:
        assert {"manifest.json", "layer.tar"} < set(image.getnames())
        layer = image.extractfile("layer.tar")
        with tarfile.open(fileobj=layer) as content:
            (member,) = content.getmembers()
    assert (member.name, member.mode, member.uid, member.mtime) == ("pause", 0o755, 0, 0)
