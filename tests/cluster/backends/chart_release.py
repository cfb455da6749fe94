"""What Helm would install, of which tests put a part in place and run one part under its account."""

import subprocess
from contextlib import suppress
from dataclasses import dataclass

import pytest
import yaml

from tests.support.administrator import Administrator, Object
from tests.support.api_server import ApiServer
from tests.support.rights import asked, given
from tests.support.serving import until
from tests.unit.chart.chart_objects import CHART, KUBERNETES, containers, environment, of_kind, pods, run

RIGHTS = ("ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")


@dataclass(frozen=True)
class Release:
    """The objects that Helm renders for a namespace."""

    api: ApiServer
    admin: Administrator
    monkeypatch: pytest.MonkeyPatch
    namespace: str
    objects: tuple[Object, ...]

    async def put(self, *kinds: str) -> None:
        """Those of these kinds are in place from now on."""
        for each in of_kind(self.objects, *kinds):
            await self.admin.put(each)

    def variables(self, workload: str, container: str) -> dict[str, str]:
        """The environment of a container."""
        pod = dict(pods(self.objects))[workload]
        return environment(next(one for one in containers(pod) if one["name"] == container))

    async def become(self, workload: str, container: str) -> None:
        """From now on, in this test, settings are those of the container, and who connects is its account."""
        for name, value in self.variables(workload, container).items():
            self.monkeypatch.setenv(name, str(value))
        account = dict(pods(self.objects))[workload]["spec"]["serviceAccountName"]
        token = await self.admin.token(self.namespace, account)
        kubeconfig = self.api.kubeconfig_of_account(self.namespace, account, token)
        self.monkeypatch.setenv("KUBECONFIG", str(kubeconfig))

    async def uses_its_rights(self, account: str) -> None:
        """Waits until each was used, then sees that nothing else was asked for."""
        rights = given(self.objects, account, self.namespace)
        assert rights, f"the chart gives nothing to {account}"

        async def used() -> bool:
            return rights <= asked(self.api.audit_log, account, self.namespace, rights)[0]

        with suppress(TimeoutError):  # the comparison tells more
            await until(used, 20)
        allowed, refused = asked(self.api.audit_log, account, self.namespace, rights)
        assert not refused, "used and not given"
        assert allowed == rights


def render(namespace: str, *values: str) -> tuple[Object, ...]:
    """With values such as `gateway.source=kubernetes`."""
    chosen = [argument for value in values for argument in ("--set", value)]
    done: subprocess.CompletedProcess[str] = run(
        "template", "mercato", str(CHART), "--namespace", namespace, "--kube-version", KUBERNETES, *chosen
    )
    assert done.returncode == 0, done.stderr
    return tuple(each for each in yaml.safe_load_all(done.stdout) if each)
