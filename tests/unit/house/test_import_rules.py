"""The rules of `.importlinter` hold, name every service, and catch what they are there for."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CODE = ("services", "cli", "tryout", "operator")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    script = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", script, "--config", ".importlinter", "--no-cache", "--no-logo"]
    environment = {**os.environ, "PYTHONPATH": str(folder / "operator")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_code_keeps_the_rules() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_rules_name_every_service() -> None:
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter")
    found = {f"services.{init.parent.name}" for init in ROOT.glob("services/*/__init__.py")} - {"services.chassis"}
    for contract, option in [
        ("siblings", "modules"),
        ("chassis", "forbidden_modules"),
        ("tryout", "forbidden_modules"),
        ("operator-alone", "forbidden_modules"),
    ]:
        named = set(rules[f"importlinter:contract:{contract}"][option].split()) - {"cli", "tryout"}
        assert named == found


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name, ignore=lambda _folder, names: [n for n in names if _left_out(n)])
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def _left_out(name: str) -> bool:
    return "." in name and not name.endswith(".py")


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("services/order/api.py", "import services.product.stock", "A service never imports a sibling"),
        ("services/chassis/runtime/ids.py", "import services.order.saga", "The chassis knows no service"),
        ("services/product/stock.py", "import psycopg", "The domain is pure"),
        ("services/payment/intents.py", "import services.chassis.storage.database", "The domain is pure"),
        ("services/order/saga.py", "import starlette.requests", "The domain is pure"),
        (
            "services/chassis/storage/session.py",
            "import services.chassis.http.problems",
            "The chassis' rooms are layers",
        ),
        (
            "services/order/messages.py",
            "import services.order.placing",
            "No circles, between modules or between folders",
        ),
        ("services/config/app.py", "import cli", "Services run without the command line and the parts for trying out"),
        ("services/payment/app.py", "import tryout", "Services run without the command line and the parts for trying"),
        ("tryout/__init__.py", "import services.payment", "The parts for trying out take nothing but the chassis"),
        (
            "operator/mercato_operator/kafka/admin.py",
            "import services.order.saga",
            "The operator takes nothing but the chassis",
        ),
        (
            "operator/mercato_operator/kafka/admin.py",
            "import mercato_operator.topics.plan",
            "The operator's rooms are layers",
        ),
        (
            "operator/mercato_operator/services/names.py",
            "import mercato_operator.services.paths",
            "No circles, between modules or between folders",
        ),
    ],
)
def test_a_forbidden_import_is_caught(copied: Path, file: str, line: str, broken: str) -> None:
    target = copied / file
    original = target.read_text()
    target.write_text(f"{original}\n{line}\n")
    try:
        result = lint(copied)
    finally:
        target.write_text(original)
    assert result.returncode != 0
    kept_or_broken = " ".join(result.stdout.split())
    assert broken in kept_or_broken
    assert "BROKEN" in kept_or_broken.partition(broken)[2].partition("KEPT")[0]
