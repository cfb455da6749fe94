"""For all unit tests."""

import os

import pytest

from tests.support.once import share


@pytest.fixture(scope="session", autouse=True)
def shared_by_the_workers(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What one worker makes, the others find: in the folder above their own, which is the run's."""
    own = tmp_path_factory.getbasetemp()
    share((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared")
