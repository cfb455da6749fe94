"""A folder is read again and again, but parsed only when a text in it differs."""

from pathlib import Path

import pytest

from services.gateway import sources
from services.gateway.documents import Documents, Texts, understood
from services.gateway.sources import Folder

ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: orders}
spec: {parentRefs: [{name: gateway}], rules: [{backendRefs: [{name: order, port: 80}]}]}
"""


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[Texts]:
    """What was parsed, each time."""
    found: list[Texts] = []

    def counted(texts: Texts) -> Documents:
        found.append(texts)
        return understood(texts)

    monkeypatch.setattr(sources, "understood", counted)
    return found


def test_an_unchanged_folder_is_not_parsed_again_and_told_all_the_same(tmp_path: Path, parsed: list[Texts]) -> None:
    (tmp_path / "routes.yaml").write_text(ROUTE)
    folder, told = Folder(tmp_path), list[Documents]()
    for _ in range(3):
        folder._tell(told.append)
    assert len(parsed) == 1
    assert told == [told[0]] * 3
    assert told[0].routes


def test_a_text_that_differs_is_parsed(tmp_path: Path, parsed: list[Texts]) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(ROUTE)
    folder, told = Folder(tmp_path), list[Documents]()
    folder._tell(told.append)
    file.write_text(ROUTE.replace("orders", "others"))
    folder._tell(told.append)
    assert len(parsed) == 2
    assert told[0] != told[1]


def test_a_folder_that_was_away_is_parsed_when_it_is_back(tmp_path: Path, parsed: list[Texts]) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    home.mkdir()
    (home / "routes.yaml").write_text(ROUTE)
    folder, told = Folder(home), list[Documents]()
    folder._tell(told.append)
    home.rename(away)
    folder._tell(told.append)
    assert folder.behind()
    assert told[1].routes == told[0].routes, "the last routes stay"
    away.rename(home)
    folder._tell(told.append)
    assert len(parsed) == 2
    assert folder.behind() is None
    assert not told[2].refused
