"""Every service has the same rooms: who knows one finds the way in all."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SERVICES = sorted(
    path.parent for path in (*ROOT.glob("services/*/app.py"), *ROOT.glob("docs/examples/*/*/app.py")) if path.is_file()
)
IDS = [path.name for path in SERVICES]


def source(service: Path, name: str) -> str:
    path = service / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def reads_messages(service: Path) -> bool:
    return ".consumer" in source(service, "app.py")


@pytest.mark.parametrize("service", SERVICES, ids=IDS)
def test_it_has_an_entry_a_wiring_settings_and_http(service: Path) -> None:
    assert not [name for name in ("__main__.py", "app.py", "settings.py", "api.py") if not (service / name).exists()]


@pytest.mark.parametrize("service", SERVICES, ids=IDS)
def test_http_opens_no_transaction(service: Path) -> None:
    for word in (".transaction(", "unit_of(", "Session("):
        assert word not in source(service, "api.py")


@pytest.mark.parametrize("service", [one for one in SERVICES if reads_messages(one)], ids=lambda path: path.name)
def test_messages_come_in_by_handlers_that_are_named_for_their_topic(service: Path) -> None:
    tree = ast.parse(source(service, "handlers.py"))
    methods = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert [name for name in methods if name.startswith("on_")], methods
    assert (service / "messages.py").exists()


@pytest.mark.parametrize("service", SERVICES, ids=IDS)
def test_sql_is_in_repositories_and_search(service: Path) -> None:
    # A statement in a handler or in the HTTP room would be found by nobody who looks for it.
    for name in ("api.py", "handlers.py", "app.py", "schemas.py", "messages.py"):
        assert not [
            node.value
            for node in ast.walk(ast.parse(source(service, name)))
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.lstrip().startswith(("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "))
        ]
