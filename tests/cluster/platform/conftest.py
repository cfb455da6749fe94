"""One real cluster with the platform installed, for all tests of this folder; each leaves it whole.

`MERCATO_TEST_CLUSTER=NAME` takes the running cluster of that name instead (`./mercato cluster up --name NAME`), uses a
release that is there, and leaves both.
"""

import os
import subprocess
import time
from collections.abc import Iterator

import pytest

from cli.cluster import kind, prerequisites
from cli.cluster.errors import ClusterError
from cli.cluster.layout import Cluster
from cli.layout import CHECKOUT
from cli.platform.toolbox import Toolbox, opened
from tests.cluster.platform.flows import Recorder
from tests.cluster.platform.measures import Measured
from tests.cluster.platform.release import Release

NAMESPACE = "mercato"
LAST = ["test_platform_flows", "test_platform_namespace"]
"""What the first judges was seen during all other tests; the other leaves nothing."""


FIGURES: list[str] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("measured on the cluster")
        for line in FIGURES:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def measured() -> Measured:
    return lambda what, figure: FIGURES.append(f"{what}: {figure}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The last ones end what the others use, whatever the import mode calls their modules."""
    items.sort(key=lambda item: LAST.index(name) if (name := item.path.stem) in LAST else -1)


def _cannot() -> str | None:
    """Why there can be no cluster here."""
    if kind.engine():
        return None
    try:
        prerequisites.require_linux_root()
        prerequisites.require_packages(install=True, tools_built=False)
    except ClusterError as error:
        return str(error)
    return None


def _mercato(*words: str) -> None:
    """Its output is the progress a person sees with `pytest -s`."""
    done = subprocess.run([str(CHECKOUT / "mercato"), "cluster", *words], timeout=1800, check=False)
    assert done.returncode == 0, f"./mercato cluster {' '.join(words)} ended with {done.returncode}"


@pytest.fixture(scope="session")
def cluster(measured: Measured) -> Iterator[Cluster]:
    given = os.environ.get("MERCATO_TEST_CLUSTER")
    if given:
        yield Cluster.find(given)
        return
    if reason := _cannot():
        pytest.skip(reason)
    name = "test"
    try:
        started = time.monotonic()
        _mercato("up", "--name", name)
        measured("cluster up", f"{time.monotonic() - started:.0f} s")
        started = time.monotonic()
        _mercato("load", "--name", name)
        measured("cluster load", f"{time.monotonic() - started:.0f} s")
        yield Cluster.find(name)
    finally:
        _mercato("down", "--name", name)


@pytest.fixture(scope="session")
def release(cluster: Cluster, measured: Measured) -> Release:
    """Installed with the default values into a namespace that enforces restricted pods; all pods are Ready."""
    found = Release(cluster, NAMESPACE)
    if found.helm("status", "mercato", check=False).returncode:
        found.create_namespace()
        started = time.monotonic()
        found.install()
        measured("helm install --wait", f"{time.monotonic() - started:.0f} s")
    found.settle()
    return found


@pytest.fixture(scope="session")
def toolbox(release: Release) -> Iterator[Toolbox]:
    """A pod from which the platform is used and looked at, inside the cluster."""
    with opened(release.namespace, release.cluster.kubeconfig) as found:
        yield found


@pytest.fixture(scope="session", autouse=True)
def flows(release: Release) -> Iterator[Recorder | None]:
    """What the pods' connections are, from now on. None where the kernel of the node is not to be asked."""
    if release.cluster.process is None:
        yield None
        return
    with Recorder(release).running() as recorder:
        yield recorder


@pytest.fixture
def settled(release: Release) -> Iterator[Release]:
    """The release, whole before the test and after it."""
    release.settle()
    yield release
    release.settle()
