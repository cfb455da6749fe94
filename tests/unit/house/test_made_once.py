"""What workers of a run of the tests share is made once, and is that of what it was made from."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from tests.support import once as module
from tests.support.once import contents, once, share


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_folders", [])
    share(tmp_path / "shared")


@pytest.mark.usefixtures("shared")
def test_who_asks_while_it_is_made_waits_for_it() -> None:
    begun, asked = Event(), Event()

    def slow() -> str:
        begun.set()
        assert asked.wait(10)
        return "Ö\n"

    def second() -> str:
        assert begun.wait(10)
        asked.set()
        return once("a", lambda: "made again")

    with ThreadPoolExecutor(2) as workers:
        answers = [workers.submit(once, "a", slow), workers.submit(second)]
        assert [each.result(20) for each in answers] == ["Ö\n", "Ö\n"]


@pytest.mark.usefixtures("shared")
def test_another_key_is_made_anew_and_a_failure_is_not_kept() -> None:
    def fails() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        once("a", fails)
    assert [once("a", lambda: "1"), once("a", fails), once("b", lambda: "2")] == ["1", "1", "2"]


def test_contents_tell_of_a_change_in_a_folder_that_is_linked_to(tmp_path: Path) -> None:
    chart, linked = tmp_path / "chart", tmp_path / "linked"
    (chart / "templates").mkdir(parents=True)
    linked.mkdir()
    (chart / "templates" / "a").write_text("a")
    (linked / "b").write_text("b")
    (chart / "files").symlink_to(linked)
    seen = {contents(chart)}
    (linked / "b").write_text("c")
    seen.add(contents(chart))
    (chart / "templates" / "a").rename(chart / "templates" / "d")
    seen.add(contents(chart))
    assert len(seen) == 3
    assert contents(chart) in seen
