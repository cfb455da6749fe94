"""The pages of docs/reference that are written from the code say what the code says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_generated_pages_are_current() -> None:
    command = [sys.executable, "scripts/generate-reference", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    remedy = "run .venv/bin/python scripts/generate-reference and commit what it writes"
    assert result.returncode == 0, f"{result.stdout}{result.stderr}{remedy}"
