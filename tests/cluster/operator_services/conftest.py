"""The controller of CommerceServices on a real API server and a real PostgreSQL; each test has its own namespace."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
import yaml
from mercato_operator.settings import OperatorSettings
from psycopg import sql

from tests.cluster.operator_services.platform import Platform
from tests.support.administrator import Administrator
from tests.support.api_server import ADMINISTRATORS, ApiServer, for_a_fixture
from tests.support.serving import until
from tests.unit.chart.chart_objects import ROOT

DEFINITION = ROOT / "operator" / "crds" / "commerceservice.yaml"


@pytest.fixture(scope="session")
def api() -> Iterator[ApiServer]:
    """Tests that stop it leave it running."""
    yield from for_a_fixture()


@pytest.fixture
async def admin(api: ApiServer) -> AsyncIterator[Administrator]:
    """The API server knows CommerceServices."""
    async with Administrator(api.kubeconfig("admin", ADMINISTRATORS)) as administrator:
        definition = yaml.safe_load(DEFINITION.read_text())
        await administrator.put(definition)

        async def established() -> bool:
            found = (await administrator.get(definition)).get("status", {}).get("conditions") or []
            return any(one["type"] == "Established" and one["status"] == "True" for one in found)

        await until(established, 30)
        yield administrator


@pytest.fixture
def prefix(postgres_url: str) -> Iterator[str]:
    """Names of services begin with it, so that roles and databases of no two tests meet; they are gone at the end."""
    start = f"t{uuid4().hex[:8]}"
    yield start
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        pattern = (f"{start}%",)
        for (name,) in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", pattern).fetchall():
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        for (name,) in connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE %s", pattern).fetchall():
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


@pytest.fixture
async def platform(
    api: ApiServer, admin: Administrator, prefix: str, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> Platform:
    """A namespace, and what the operator knows of it."""
    namespace, parts = f"test-{uuid4().hex[:12]}", urlsplit(postgres_url)
    await admin.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig("admin", ADMINISTRATORS)))
    settings = OperatorSettings(
        namespace=namespace,
        kafka_security_protocol="SASL_PLAINTEXT",
        postgres_host=str(parts.hostname),
        postgres_port=parts.port or 5432,
        postgres_admin_username=str(parts.username),
        postgres_admin_password=parts.password,
        workers=2,
    )
    return Platform(admin, settings, namespace, prefix, postgres_url)
