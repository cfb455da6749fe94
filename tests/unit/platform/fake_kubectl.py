"""A kubectl that answers as it is told."""

import json
import re
import sys
from pathlib import Path
from typing import Any

SCRIPT = """#!{python} -IS
import json, re, sys, time
folder, words = {folder!r}, sys.argv[1:]
with open(folder + "/calls", "a") as calls:
    calls.write(json.dumps(words) + "\\n")
with open(folder + "/answers") as answers:
    for pattern, stdout, stderr, code, seconds in reversed(json.load(answers)):
        if re.search(pattern, " ".join(words)):
            sys.stdout.write(stdout.replace("<stdin>", sys.stdin.read() if "<stdin>" in stdout else ""))
            sys.stdout.flush()
            sys.stderr.write(stderr)
            sys.stderr.flush()
            time.sleep(seconds)
            sys.exit(code)
sys.exit("no answer to " + " ".join(words))
"""


class FakeKubectl:
    """Put on the PATH as a program; the answer told last wins."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._answers: list[tuple[str, str, str, int, float]] = []
        program = folder / "kubectl"
        program.write_text(SCRIPT.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o755)
        self._save()

    def answer(self, pattern: str, stdout: Any = "", stderr: str = "", code: int = 0, seconds: float = 0) -> None:
        """To a command line that `pattern` is found in; other than text is JSON, `<stdin>` what came in."""
        text = stdout if isinstance(stdout, str) else json.dumps(stdout)
        self._answers.append((pattern, text, stderr, code, seconds))
        self._save()

    def refuse(self, pattern: str, stderr: str) -> None:
        self.answer(pattern, stderr=stderr, code=1)

    def calls(self, pattern: str = "") -> list[list[str]]:
        file = self._folder / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        return [words for words in map(json.loads, lines) if re.search(pattern, " ".join(words))]

    def _save(self) -> None:
        (self._folder / "answers").write_text(json.dumps(self._answers))


def pod(**status: Any) -> dict[str, Any]:
    """As `kubectl get pods` lists it."""
    return {"metadata": {"name": "toolbox-1-x"}, "status": status}


READY = {"items": [pod(phase="Running", conditions=[{"type": "Ready", "status": "True"}])]}
NOT_FOUND = "Error from server (NotFound): "
