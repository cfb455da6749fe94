"""The tests' own files: each is one module, however it is imported, and its name alone says which one is meant."""

import sys
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[2]


def test_a_module_of_the_tests_is_loaded_once_under_the_name_of_its_folder() -> None:
    loaded = {name: Path(found) for name, module in sys.modules.items() if (found := getattr(module, "__file__", None))}
    ours = {name: path for name, path in loaded.items() if path.is_relative_to(TESTS)}
    assert __name__ in ours
    assert ours == {".".join(path.relative_to(TESTS.parent).with_suffix("").parts): path for path in set(ours.values())}


def test_names_of_test_files_are_unique() -> None:
    names = Counter(path.name for path in TESTS.rglob("test_*.py"))
    assert {name for name, count in names.items() if count > 1} == set()
    assert not list(TESTS.rglob("__init__.py"))
