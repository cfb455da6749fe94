"""A real API server for this folder alone: it knows what is put in place here, and nothing else."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
import yaml

from tests.cluster.manifests.admission import NAMESPACE, Admission
from tests.support.absent import Absent
from tests.support.administrator import Administrator
from tests.support.api_server import ADMINISTRATORS, ApiServer, for_a_fixture
from tests.support.definitions import definitions
from tests.support.serving import until
from tests.unit.chart.chart_objects import ROOT


@pytest.fixture(scope="module")
def api() -> Iterator[ApiServer]:
    """Gone when the module is done."""
    yield from for_a_fixture()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admission(api: ApiServer) -> AsyncIterator[Admission]:
    """The server knows all definitions, and what the files of values say is there."""
    async with Administrator(api.kubeconfig("admin", ADMINISTRATORS)) as admin:
        try:
            wanted = definitions()
        except Absent as absent:
            pytest.skip(str(absent))
        for definition in wanted:
            await admin.put(definition)
        await prepare(admin)
        kinds = {
            (f"{one['spec']['group']}/{version['name']}", one["spec"]["names"]["kind"])
            for one in wanted
            for version in one["spec"]["versions"]
            if version["served"]
        }

        async def known() -> bool:
            return kinds <= (await Admission.of(admin)).plurals.keys()

        await until(known, 30)
        yield await Admission.of(admin)


async def prepare(admin: Administrator) -> None:
    """Restricted namespaces as k8s/namespace.yaml makes one, and the PriorityClass that a file of values names."""
    namespace = yaml.safe_load((ROOT / "k8s" / "namespace.yaml").read_text())
    for name in (NAMESPACE, "shop-config", "kafka"):
        await admin.put({**namespace, "metadata": {**namespace["metadata"], "name": name}})
    priority = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "important"}}
    await admin.put({**priority, "value": 1000})
