"""Pods that go without warning, brokers and databases that restart, an API server that is away: under a steady load."""

import json
import time

import pytest

from cli.cluster import control
from cli.platform.toolbox import Toolbox
from tests.cluster.platform.driving import Outcome, steady_load
from tests.cluster.platform.release import Release, component, until

PAIRS = (
    ("gateway", "discovery"),
    ("config", "mail"),
    ("customer", "notification"),
    ("product", "simulator"),
    ("order", "payment"),
)
"""All but the stores; of a pair both are killed at once."""
SERVICES = {name for pair in PAIRS for name in pair}
pytestmark = pytest.mark.long
STEADY = 5.0
AWAY = 60.0
"""Seconds without an API server."""


def _invariants_hold(release: Release, outcome: Outcome) -> None:
    outcome.require_nothing_lost()
    asked = release.mercato("invariants", "--json", check=False)
    assert asked.stdout, asked.stderr
    report = json.loads(asked.stdout)
    assert report["ok"], report
    assert report["in_flight"] == 0, report


def test_what_always_holds_holds_when_any_pod_is_deleted_under_load(settled: Release, toolbox: Toolbox) -> None:
    """Each is killed at once: no grace, no goodbye."""
    with steady_load(toolbox) as outcome:
        for pair in PAIRS:
            names = [pod["metadata"]["name"] for name in pair for pod in settled.pods(name)]
            settled.kubectl("delete", "pod", *names, "--grace-period=0", "--force")
            settled.settle()
        time.sleep(STEADY)
    _invariants_hold(settled, outcome)
    # Payment and order are away together for a while: what met a deadline meanwhile is rejected, by the rules.
    assert outcome.confirmed >= outcome.accepted * 0.5, outcome.result


@pytest.mark.parametrize("name", ["kafka", "postgres"])
def test_what_always_holds_holds_when_a_store_restarts_under_load(
    settled: Release, toolbox: Toolbox, name: str
) -> None:
    with steady_load(toolbox) as outcome:
        time.sleep(STEADY)
        settled.kubectl("rollout", "restart", f"statefulset/{name}")
        settled.kubectl("rollout", "status", f"statefulset/{name}", "--timeout=180s", timeout=190)
        time.sleep(2 * STEADY)
    _invariants_hold(settled, outcome)


@pytest.mark.parametrize("name", ["kafka", "postgres"])
def test_what_always_holds_holds_when_a_store_is_killed_under_load(
    settled: Release, toolbox: Toolbox, name: str
) -> None:
    with steady_load(toolbox) as outcome:
        time.sleep(STEADY)
        (pod,) = settled.pods(name)
        settled.kubectl("delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force")
        until(settled.unsettled, 30, "the pod is gone")
        settled.settle()
        time.sleep(2 * STEADY)
    _invariants_hold(settled, outcome)


def test_orders_flow_on_while_the_api_server_is_away(settled: Release, toolbox: Toolbox) -> None:
    cluster = settled.cluster
    if cluster.process is None:
        pytest.skip("the API server of this cluster is not to be stopped: it is kind's")
    pods = {pod["metadata"]["name"] for pod in settled.pods() if component(pod) in SERVICES}
    with steady_load(toolbox) as outcome:
        control.stop(cluster, "kube-apiserver")
        try:
            time.sleep(AWAY)
        finally:
            control.start(cluster, "kube-apiserver")
        until(lambda: _answers(settled), 60, "the API server is back", every=1.0)
    _invariants_hold(settled, outcome)
    outcome.require_only_retryable_answers()
    assert outcome.result["seconds"] > AWAY
    assert outcome.confirmed >= outcome.accepted * 0.99, outcome.result
    assert {pod["metadata"]["name"] for pod in settled.pods() if component(pod) in SERVICES} == pods


def _answers(release: Release) -> bool:
    return release.run("kubectl", "get", "--raw", "/readyz", check=False).stdout == "ok"


def test_config_and_discovery_keep_their_last_state_while_the_api_server_is_away(settled: Release) -> None:
    cluster = settled.cluster
    if cluster.process is None:
        pytest.skip("the API server of this cluster is not to be stopped: it is kind's")

    def inside(command: str, stdin: str = "") -> str:
        """In the gateway's pod, which speaks to both; kubectl port-forward would go through the API server."""
        words = ("exec", "-i", "deploy/gateway", "-c", "control-plane", "--", "sh", "-c", command)
        return settled.kubectl(*words, stdin=stdin)

    inside("cat >/tmp/looks.py", WATCH)
    inside("rm -f /tmp/looks.json; (setsid python /tmp/looks.py </dev/null >/tmp/looks.log 2>&1 &)")
    control.stop(cluster, "kube-apiserver")
    time.sleep(15)
    control.start(cluster, "kube-apiserver")
    until(lambda: _answers(settled), 60, "the API server is back", every=1.0)
    looks = json.loads(until(lambda: inside("cat /tmp/looks.json || true"), 60, "the looks were written"))
    assert len(looks) >= 15
    assert all(look == looks[0] for look in looks), looks


WATCH = """
import json, time, urllib.request
def read(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)
looks = []
for _ in range(20):
    apps = {app["name"]: len(app["serviceInstances"]) for app in read("http://discovery/apps")}
    looks.append({"version": read("http://config/order/kubernetes")["version"], "apps": apps})
    time.sleep(1)
open("/tmp/looks.json", "w").write(json.dumps(looks))
"""
