"""`./mercato test`: what it says at the end, and when it fails."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.commands import test as command
from cli.layout import CHECKOUT
from cli.platform import tiers
from cli.platform.tiers import TIERS, Outcome, Tier


def summary(outcomes: list[Outcome], capsys: pytest.CaptureFixture[str]) -> list[str]:
    command.summarize(outcomes, "88")
    return capsys.readouterr().out.strip().splitlines()


def test_the_last_line_adds_up_all_tiers(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [Outcome("unit", 60.0, passed=7), Outcome("contract", 30.0, passed=2, failed=1, skipped={"no IPv6": 3})]
    lines = summary(outcomes, capsys)
    assert lines[-1] == "9 passed, 1 failed, 3 skipped"
    assert any(line.startswith("unit") and "1.0 min" in line for line in lines)
    assert "left out of contract: 3, because no IPv6" in lines


def test_a_tier_that_could_not_run_counts_as_failed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = summary([Outcome("unit", 1.0, trouble="it has no test that ran here")], capsys)
    assert lines[-1] == "0 passed, 1 failed, 0 skipped"
    assert any("it has no test that ran here" in line for line in lines)


def test_every_python_file_of_the_checkout_is_checked_for_its_types() -> None:
    checked = [CHECKOUT / folder for folder in tiers.CHECKED]
    assert all(folder.is_dir() for folder in checked)
    ours = [path for path in CHECKOUT.glob("*") if not path.name.startswith(".")]
    python = [file for path in ours for file in path.glob("**/*.py")]
    assert len(python) > 100
    assert [file for file in python if not any(file.is_relative_to(folder) for folder in checked)] == []


def run_tier(folder: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, *, everywhere: bool = True) -> Outcome:
    tests = folder / "tests" / "unit"
    tests.mkdir(parents=True)
    if content is not None:
        (tests / "test_it.py").write_text(content)
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--strict-markers'\n")
    monkeypatch.setattr(tiers, "CHECKOUT", folder)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take longer to load than these tests to run
    return tiers.run(Tier("unit", minutes=5, covers=False, everywhere=everywhere), folder, long=False)


def test_a_tier_without_tests_is_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = run_tier(tmp_path, monkeypatch, None)
    assert not outcome.ok
    assert outcome.trouble == "it has no test that ran here"


@pytest.mark.parametrize("everywhere", [True, False])
def test_only_a_tier_that_needs_a_machine_of_its_own_may_be_left_out_as_a_whole(
    everywhere: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "import pytest\n@pytest.mark.skip(reason='no root here')\ndef test_it(): pass\n"
    outcome = run_tier(tmp_path, monkeypatch, content, everywhere=everywhere)
    assert outcome.skipped == {"no root here": 1}
    assert outcome.ok is not everywhere


def test_outcomes_are_counted_and_skips_are_given_with_their_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = run_tier(
        tmp_path,
        monkeypatch,
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert False\n"
        "@pytest.mark.skip(reason='no container engine here')\n"
        "def test_else(): pass\n"
        "@pytest.mark.long\n"
        "def test_slow(): pass\n",
    )
    assert (outcome.passed, outcome.failed, outcome.left_out) == (1, 1, 1)
    assert outcome.skipped == {"no container engine here": 1}
    assert not outcome.ok


def test_tests_that_cannot_be_collected_are_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not run_tier(tmp_path, monkeypatch, "import no_such_module\n").ok


def test_an_unknown_tier_is_wrong_usage() -> None:
    result = CliRunner().invoke(command.test, ["unitt"])
    assert result.exit_code == 2
    assert "unit" in result.output


def test_every_tier_is_a_folder_of_tests() -> None:
    for name in TIERS:
        assert (Path(__file__).parents[2] / name).is_dir()
