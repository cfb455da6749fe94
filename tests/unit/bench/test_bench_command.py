"""The options of `./mercato bench`: what is wrong usage is said before anything is driven."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.bench import bench as benches
from cli.bench.bench import Excess, Findings, Wishes
from cli.bench.load import Schedule
from cli.bench.report import Floors
from cli.instance import Instance
from cli.main import cli


@pytest.fixture
def wished(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Wishes]:
    """What would be driven."""
    wishes: list[Wishes] = []

    async def note(_instance: Instance, wish: Wishes, _say: Any) -> Findings:
        wishes.append(wish)
        return Findings(Floors(1.0, 1.0, 1.0, 1.0))

    monkeypatch.setattr(benches, "bench", note)
    monkeypatch.setattr(Instance, "find", lambda _data: Instance(tmp_path))
    monkeypatch.setattr(Instance, "require_running", lambda _self: None)
    return wishes


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", Wishes([Schedule(50, 60)])),
        ("--rate 5 --seconds 9 --hanging 0.2", Wishes([Schedule(5, 9, 0.2)])),
        ("--rates 10,50 --seconds 9", Wishes([Schedule(10, 9), Schedule(50, 9)])),
        ("--capacity", Wishes([], capacity=True)),
        ("--capacity --rate 5", Wishes([Schedule(5, 60)], capacity=True)),
        ("--reads", Wishes([], reads=True)),
        ("--rates 10,50 --capacity --reads", Wishes([Schedule(10, 60), Schedule(50, 60)], capacity=True, reads=True)),
        ("--overload 3 --rate 20 --seconds 120", Wishes([], overload=Excess(3, 20, 120))),
    ],
)
def test_options_say_what_is_driven(wished: list[Wishes], words: str, expected: Wishes) -> None:
    result = CliRunner().invoke(cli, ["bench", *words.split()])
    assert result.exit_code == 0, result.output
    assert wished == [expected]


@pytest.mark.parametrize(
    "words",
    [
        "--rates 10;50",
        "--rates 10,0",
        "--rates ,",
        "--rates 10 --overload 3",
        "--overload 0.5",
        "--reads --plot x.svg",
        "--rate 5 --plot /no/such/folder/x.svg",
    ],
)
def test_wrong_usage_drives_nothing(wished: list[Wishes], words: str) -> None:
    result = CliRunner().invoke(cli, ["bench", *words.split()])
    assert result.exit_code == 2
    assert not wished


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a file that is always full")
def test_a_plot_that_cannot_be_written_is_one_line_after_the_report(wished: list[Wishes]) -> None:
    result = CliRunner().invoke(cli, ["bench", "--rate", "5", "--plot", "/dev/full"])
    assert result.exit_code == 1
    assert "floors of this machine" in result.stdout
    assert result.stderr.splitlines() == ["Error: the plot could not be written to /dev/full: No space left on device"]
