"""The manifests in k8s/config say only what the services understand."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr, ValidationError

from services.chassis.configuration.config_client import normalised
from services.chassis.configuration.settings import ServiceSettings
from services.chassis.configuration.settings_model import Bootstrap
from services.config.manifests import is_config, understand

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "k8s" / "config").glob("*.yaml"))
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/settings.py") if path.parent.name != "chassis")


def settings_of(service: str) -> type[ServiceSettings]:
    module = importlib.import_module(f"services.{service}.settings")
    (found,) = (
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, ServiceSettings) and each.__module__ == module.__name__
    )
    return found


def properties(file: Path) -> dict[str, Any]:
    manifest = yaml.safe_load(file.read_text())
    assert is_config(manifest)
    assert manifest["metadata"]["name"] == file.stem
    found = understand(manifest)
    assert found.faults == ()
    sources = [source for document in found.documents.values() for source in document.sources]
    return {normalised(key): value for source in sources for key, value in source.properties.items()}


def readers(file: Path) -> list[type[ServiceSettings]]:
    return [settings_of(service) for service in SERVICES if file.stem in {service, "application"}]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_key_is_a_setting_of_a_service_that_reads_it(file: Path) -> None:
    known = {name for reader in readers(file) if reader.uses_config_service for name in reader.model_fields}
    assert properties(file).keys() <= known - Bootstrap.model_fields.keys()


def wrong_with(reader: type[ServiceSettings], values: dict[str, Any]) -> list[Any]:
    """Errors of the values themselves; what is missing, or needed by another field, comes from the environment."""
    try:
        reader(**values)
    except ValidationError as error:
        return [each for each in error.errors() if each["type"] != "missing" and each["loc"]]
    return []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_value_is_valid(file: Path) -> None:
    values = properties(file)
    assert [error for reader in readers(file) for error in wrong_with(reader, values)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_key_is_a_secret(file: Path) -> None:
    for reader in readers(file):
        for name in properties(file).keys() & reader.model_fields.keys():
            assert SecretStr.__name__ not in str(reader.model_fields[name].annotation)


def test_the_deadlines_are_the_contracts() -> None:
    order = properties(ROOT / "k8s" / "config" / "order.yaml")
    assert (order["authorization_deadline_seconds"], order["order_deadline_seconds"]) == (20, 60)
