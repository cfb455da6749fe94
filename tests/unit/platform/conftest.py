"""A kubectl that answers as it is told, on the PATH."""

from pathlib import Path

import pytest

from tests.unit.platform.fake_kubectl import FakeKubectl


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKubectl:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return FakeKubectl(folder)
