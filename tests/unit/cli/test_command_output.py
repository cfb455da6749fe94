"""What the command line prints of other people's words, wherever it prints it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SHOWN = """
import sys, click
import cli.main
cli.main.cli = lambda **_: click.echo("\\u5c71\\u7530\\u3000\\u592a\\u90ce \\u00d7 half \\ud800")
import runpy
runpy.run_module("cli", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "山田\u3000太郎 × half \\ud800\n"),
        ("latin-1", "\\u5c71\\u7530\\u3000\\u592a\\u90ce × half \\ud800\n"),
    ],
)
def test_a_character_that_the_output_cannot_take_is_escaped(encoding: str, shown: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOWN],
        capture_output=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={"PYTHONIOENCODING": encoding, "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.decode(encoding) == shown, done.stderr
