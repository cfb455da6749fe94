"""`helm uninstall` takes all but the data, and the next install finds the data."""

import time
from collections.abc import Iterator

import pytest

from cli.platform.toolbox import opened
from tests.cluster.platform.custom_objects import SERVICES, TOPICS, held, kafka, own_objects, postgres
from tests.cluster.platform.measures import Measured
from tests.cluster.platform.release import NAME, SELECTOR, Release, until

GONE_WITHIN = 60.0
KINDS = (
    "deployments,statefulsets,jobs,cronjobs,pods,services,configmaps,serviceaccounts,roles,rolebindings,"
    "networkpolicies,poddisruptionbudgets,horizontalpodautoscalers"
)
VOLUMES = {"mercato-kafka", "mercato-postgres", "mercato-mail"}
KEPT = "kept-over-uninstall"
SECRETS = {
    "mercato-admin",
    "mercato-databases",
    "mercato-kafka",
    "mercato-payment",
    "mercato-refresh",
    "mercato-signing-keys",
}


@pytest.fixture
def own(settled: Release) -> Iterator[None]:
    """Objects of somebody beside the chart, whose data is to stay (KEPT) or to go with them."""
    with own_objects(settled, KEPT, "doomed-by-uninstall"):
        yield


def names(release: Release, kinds: str) -> set[str]:
    return {f"{each['kind']}/{each['metadata']['name']}" for each in release.objects(kinds, SELECTOR)}


def test_uninstall_keeps_only_the_data_and_the_next_install_finds_it(
    settled: Release, own: None, measured: Measured
) -> None:
    settled.mercato("demo")
    orders = settled.kubectl("exec", "statefulset/postgres", "--", *COUNT).strip()
    secrets = {name: settled.secret(name) for name in SECRETS}
    began = time.monotonic()
    told = settled.helm("uninstall", NAME, "--wait", f"--timeout={GONE_WITHIN:.0f}s").stdout
    measured("helm uninstall --wait", f"{time.monotonic() - began:.0f} s")
    try:
        assert all(name in told for name in VOLUMES), told
        until(lambda: not names(settled, KINDS), GONE_WITHIN - (time.monotonic() - began), "all is gone")
        assert {each["metadata"]["name"] for each in settled.objects("pvc")} == VOLUMES
        assert {name: settled.secret(name) for name in SECRETS} == secrets
        assert held(settled) == [], "nothing waits for an operator that is gone"
        settled.kubectl("delete", f"{SERVICES},{TOPICS}", KEPT, "--timeout=20s")
    finally:
        settled.install()
        settled.settle()
    assert settled.kubectl("exec", "statefulset/postgres", "--", *COUNT).strip() == orders
    assert {name: settled.secret(name) for name in SECRETS} == secrets
    settled.mercato("demo")
    settled.mercato("invariants")
    assert postgres(settled, f"SELECT datname FROM pg_database WHERE datname = '{KEPT}'") == KEPT
    with opened(settled.namespace, settled.cluster.kubeconfig) as toolbox:
        assert KEPT in kafka(toolbox, "names")


COUNT = (
    "sh",
    "-c",
    'PGPASSWORD=$POSTGRES_PASSWORD psql -h 127.0.0.1 -U postgres -d order -Atc "SELECT count(*) FROM orders"',
)
