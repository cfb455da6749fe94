"""How a cluster is, for a person and for a program."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.cluster import control, states
from cli.cluster.layout import Cluster
from cli.cluster.shell import run

TIMEOUT = 10.0
HEADER = f"{'COMPONENT':<26}{'PID':>8}  STATE"


@dataclass(frozen=True)
class Report:
    """`api_answers` tells whether nodes and pods could be asked for."""

    backend: str
    api: str
    api_answers: bool
    nodes: list[dict[str, Any]]
    pods_not_ready: list[dict[str, str]]
    components: list[dict[str, Any]]

    @property
    def healthy(self) -> bool:
        return self.api_answers and all(component["state"] == "running" for component in self.components)


def report(cluster: Cluster) -> Report:
    record = cluster.record
    nodes, pods = _items(cluster, "nodes"), _items(cluster, "pods", "--all-namespaces")
    return Report(
        backend=record.backend if record else "",
        api=record.api if record else "",
        api_answers=nodes is not None and pods is not None,
        nodes=[{"name": node["metadata"]["name"], "ready": condition(node) == "True"} for node in nodes or []],
        pods_not_ready=[_pod(pod) for pod in pods or [] if not is_settled(pod)],
        components=_components(cluster),
    )


def _components(cluster: Cluster) -> list[dict[str, Any]]:
    pids = control.pids(cluster)
    return [
        {"name": state.name, "pid": pids.get(state.name), "state": state.state, "exit_code": state.code}
        for state in states.read(cluster.data)
    ]


def _items(cluster: Cluster, *what: str) -> list[dict[str, Any]] | None:
    where: list[str | Path] = [cluster.kubectl, "--kubeconfig", cluster.kubeconfig]
    answer = run([*where, "get", *what, "-o", "json", "--request-timeout=5s"], timeout=TIMEOUT, check=False)
    if answer.returncode:
        return None
    items: list[dict[str, Any]] = json.loads(answer.stdout)["items"]
    return items


def condition(thing: dict[str, Any], name: str = "Ready") -> str:
    conditions = thing.get("status", {}).get("conditions", [])
    return next((str(each["status"]) for each in conditions if each["type"] == name), "Unknown")


def is_settled(pod: dict[str, Any]) -> bool:
    """Ready, or done."""
    return condition(pod) == "True" or pod["status"].get("phase") == "Succeeded"


def _pod(pod: dict[str, Any]) -> dict[str, str]:
    waiting = [
        state["waiting"].get("reason", "")
        for state in (each.get("state", {}) for each in pod["status"].get("containerStatuses", []))
        if "waiting" in state
    ]
    reason = waiting[0] if waiting else pod["status"].get("phase", "Unknown")
    return {"namespace": pod["metadata"]["namespace"], "name": pod["metadata"]["name"], "reason": reason}


def lines(cluster: Cluster, found: Report) -> list[str]:
    """For a person."""
    text = [f"Cluster {cluster.name} ({found.backend}) at {found.api}", f"KUBECONFIG {cluster.kubeconfig}", ""]
    if not found.api_answers:
        text.append("The API server does not answer.")
    text += [f"Node {node['name']}: {'Ready' if node['ready'] else 'not ready'}" for node in found.nodes]
    text += [f"Pod {pod['namespace']}/{pod['name']}: {pod['reason']}" for pod in found.pods_not_ready]
    if found.components:
        text += ["", HEADER]
    for component in found.components:
        state = component["state"]
        if state == "exited":
            state += f" with {component['exit_code']}, see {cluster.logs / component['name']}.log"
        text.append(f"{component['name']:<26}{component['pid'] or '-':>8}  {state}")
    return text
