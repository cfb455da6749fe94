"""A cluster in a temporary folder."""

from pathlib import Path

import pytest

from cli.cluster.layout import Cluster


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster("trial", tmp_path / "trial")
