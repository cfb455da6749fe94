"""Each image holds the libraries its code imports: with those of other services out of sight, it still imports."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from cli.images.catalogue import IMAGES, Image
from cli.images.inputs import sources
from tests.support.loading import ROOT, load

install = load("images/install.py")

PROGRAM = """
import importlib, sys
hidden, modules = set(sys.argv[1].split()), sys.argv[2].split()
class Hiding:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"{name} is not in the lock", name=name)
sys.meta_path.insert(0, Hiding())
for module in modules:
    importlib.import_module(module)
"""


@cache
def installed() -> dict[str, set[str]]:
    """The names of the distributions that each top-level module here belongs to."""
    return {module: {plain(owner) for owner in owners} for module, owners in packages_distributions().items()}


def plain(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def modules(image: Image) -> list[str]:
    if image.arguments:
        return [f"{image.arguments['FOLDER']}.{image.arguments['SERVICE']}.{room}" for room in ("settings", "app")]
    return sorted(".".join(path.with_suffix("").parts) for path in programs(image) if path.stem[0] != "_")


def programs(image: Image) -> Iterator[Path]:
    """The Python files that an image which is no service runs, relative to its folder of code."""
    for source in sources(image):
        top = source.partition("/")[0]
        path, home = ROOT / source, ROOT / "operator" if top == "operator" else ROOT
        if top in {"cli", "operator"}:
            yield from (file.relative_to(home) for file in ([path] if path.is_file() else path.rglob("*.py")))


@pytest.mark.parametrize("image", [image for image in IMAGES if image.layer], ids=lambda image: image.name)
def test_an_image_imports_nothing_beyond_its_lock(image: Image) -> None:
    lock = (ROOT / "requirements" / f"{image.name}.txt").read_text(encoding="utf-8")
    locked = {plain(entry.partition("==")[0]) for entry in install.requirements(lock)}
    hidden = [module for module, owners in installed().items() if not owners & locked]
    command = [sys.executable, "-c", PROGRAM, " ".join(hidden), " ".join(modules(image))]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'operator'}", "PATH": ""}
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def toolbox(tmp_path: Path) -> Path:
    """The folder of code in the toolbox."""
    (image,) = (image for image in IMAGES if image.name == "toolbox")
    for source in sources(image):
        if source.partition("/")[0] in {"cli", "services"}:
            (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, tmp_path / source)
    return tmp_path


def inside(toolbox: Path, *words: str) -> str:
    environment = {"PYTHONPATH": str(toolbox), "PYTHONDONTWRITEBYTECODE": "1", "PATH": "", "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, *words], env=environment, cwd=toolbox, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_toolbox_holds_what_its_commands_import(toolbox: Path) -> None:
    (image,) = (image for image in IMAGES if image.name == "toolbox")
    inside(toolbox, "-c", "".join(f"import {module}\n" for module in modules(image)))


def test_the_toolbox_offers_the_commands_that_work_inside(toolbox: Path) -> None:
    listed = inside(toolbox, "-m", "cli", "--help").partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed if line.strip()] == ["topics", "dead-letters", "invariants"]
    assert "--json" in inside(toolbox, "-m", "cli", "dead-letters", "list", "--help")
