"""The operator as a process of its own, with the rights of its account and nothing more."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from cli.ports import choose
from cli.supervisor.spec import ProcessSpec
from tests.support.administrator import Administrator
from tests.support.servers import Server
from tests.support.serving import until

ROOT = Path(__file__).parents[3]
Rule = Mapping[str, Any]


def rule(group: str, verbs: str, *resources: str) -> Rule:
    return {"apiGroups": [group], "resources": list(resources), "verbs": verbs.split()}


ALL = "get list watch create patch delete"
EVERYWHERE = [rule("apiextensions.k8s.io", "create patch", "customresourcedefinitions")]
"""docs/decisions/0014-operator.md lists the same."""
HOME = [
    rule("mercato.dev", "get list watch patch", "ordertopics"),
    rule("mercato.dev", "patch", "ordertopics/status"),
    rule("coordination.k8s.io", "get create update", "leases"),
    rule("", "create", "events"),
    rule("mercato.dev", "get list watch patch", "commerceservices"),
    rule("mercato.dev", "patch", "commerceservices/status"),
    rule("", ALL, "serviceaccounts", "secrets", "configmaps", "services"),
    rule("apps", ALL, "deployments"),
    rule("networking.k8s.io", ALL, "networkpolicies"),
    rule("policy", ALL, "poddisruptionbudgets"),
    rule("autoscaling", ALL, "horizontalpodautoscalers"),
    rule("", "list", "pods"),
]
IN_STRIMZI = [
    rule("kafka.strimzi.io", "list create patch delete", "kafkatopics", "kafkausers"),
    rule("", "get list create patch delete", "secrets"),
]


async def grant(admin: Administrator, user: str, namespace: str, *more: Rule) -> None:
    """The rights of the chart's account."""
    await admin.grant(user, None, EVERYWHERE)
    await admin.grant(user, namespace, [*HOME, *more])


class Operator(Server):
    """`start` returns once it is ready, active or not."""

    def __init__(self, folder: Path, kubeconfig: Path, instance: str = "operator-1", **settings: str) -> None:
        ports = choose(["probes", "metrics"], {})
        self.url, self.metrics_url = (f"http://127.0.0.1:{ports[name]}" for name in ("probes", "metrics"))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": f"{ROOT / 'operator'}:{ROOT}",
            "KUBECONFIG": str(kubeconfig),
            "MERCATO_HOST": "127.0.0.1",
            "MERCATO_PORT": str(ports["probes"]),
            "MERCATO_METRICS_PORT": str(ports["metrics"]),
            "MERCATO_INSTANCE": instance,
            **settings,
        }
        command = (sys.executable, "-m", "mercato_operator.operator")
        self.log = folder / f"{instance}.log"
        spec = ProcessSpec(instance, "operator", command, environment, ready=_unused, port=0, grace=20.0)
        super().__init__(spec, self.log)

    def answers(self) -> str | None:
        return self.probe("/readyz")

    def start_if_ended(self) -> None:
        """What kubelet does: the operator ends when the API server is away for so long that its lease is lost."""
        if self._process is not None and self._process.poll() is not None:
            self.start()

    def probe(self, path: str) -> str | None:
        """None for 200, else what it answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:  # noqa: S310
                return None if answer.status == 200 else f"status {answer.status}"
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError as error:
            return str(error)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of its samples with these labels."""
        with urllib.request.urlopen(f"{self.metrics_url}/metrics", timeout=5) as answer:  # noqa: S310
            families = text_string_to_metric_families(answer.read().decode())
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


async def until_active(operator: Operator, seconds: float = 40) -> None:
    """It has the lease, and its definitions are in place."""

    async def holds() -> bool:
        return operator.metric("mercato_operator_active") == 1 and operator.probe("/readyz") is None

    await until(holds, seconds)


async def _unused() -> str | None:
    raise NotImplementedError
