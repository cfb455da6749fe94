"""Each image holds the libraries its code imports: with those of other services out of sight, it still imports."""

import subprocess
import sys

import pytest

from cli.images.catalogue import IMAGES, Image
from tests.support.loading import ROOT, load

install = load("images/install.py")

# Hides every installed distribution that is not in the lock.
PROGRAM = """
import importlib, re, sys
from importlib.metadata import packages_distributions
locked, modules = set(sys.argv[1].split()), sys.argv[2].split()
plain = lambda name: re.sub("[-_.]+", "-", name).lower()
hidden = {
    package for package, owners in packages_distributions().items()
    if not any(plain(owner) in locked for owner in owners)
}
class Hiding:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"{name} is not in the lock", name=name)
sys.meta_path.insert(0, Hiding())
for module in modules:
    importlib.import_module(module)
"""


def modules(image: Image) -> list[str]:
    if image.arguments:
        return [f"{image.arguments['FOLDER']}.{image.arguments['SERVICE']}.{room}" for room in ("settings", "app")]
    files = (ROOT / "operator" / "mercato_operator").rglob("*.py")
    parts = (path.relative_to(ROOT / "operator").with_suffix("").parts for path in files)
    return sorted(".".join(part) for part in parts if part[-1] not in {"__init__", "__main__"})


@pytest.mark.parametrize("image", [image for image in IMAGES if image.layer], ids=lambda image: image.name)
def test_an_image_imports_nothing_beyond_its_lock(image: Image) -> None:
    lock = (ROOT / "requirements" / f"{image.name}.txt").read_text(encoding="utf-8")
    names = " ".join(entry.partition("==")[0].lower() for entry in install.requirements(lock))
    command = [sys.executable, "-c", PROGRAM, names, " ".join(modules(image))]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'operator'}", "PATH": ""}
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
