"""The connections that the kernel saw during all other tests, held against the NetworkPolicies that were in force.

Where the network enforces policies (kind), scripts/prove-network-policies tries each pair instead.
"""

import pytest
import yaml

from tests.cluster.platform.flows import NODE, Recorder
from tests.cluster.platform.measures import Measured
from tests.cluster.platform.network_policies import End, Port, allowed
from tests.cluster.platform.release import CHART, COMPONENT, Release, component

FLOWS = CHART / "files" / "flows.yaml"


def test_every_connection_seen_is_allowed_by_the_policies(
    settled: Release, flows: Recorder | None, measured: Measured
) -> None:
    if flows is None:
        pytest.skip("the connections of this cluster's node are not to be seen: its network enforces policies itself")
    settled.mercato("demo")
    flows.look()
    policies = settled.objects("networkpolicies")
    refused = [
        f"{source} -> {target}:{port}/{protocol}"
        for (source, target, port, protocol), ends in sorted(flows.seen.items())
        if not _is_of_the_node(ends) and not allowed(policies, *ends, Port(port, protocol))
    ]
    assert refused == []
    seen = {(source, target, port) for source, target, port, _ in flows.seen}
    central = {("order", "kafka", 9092), ("payment", "simulator", 8080), ("gateway", "order", 8080)}
    central |= {("operator", "kafka", 9092)}
    assert seen >= {*central, ("notification", "mail", 1025), ("product", "postgres", 5432)}, seen
    measured("kinds of connections seen", f"{len(flows.seen)}, beside {len(flows.unnamed)} unnamed pods")


def _is_of_the_node(ends: tuple[End, End]) -> bool:
    """Kubelet's probes and the API server's calls come from the node, which is always let in; and ways within a pod."""
    return ends[0].address in NODE or ends[0].address == ends[1].address


def test_every_pair_outside_the_documented_matrix_is_denied(settled: Release) -> None:
    policies = settled.objects("networkpolicies")
    flows = yaml.safe_load(FLOWS.read_text())["flows"]
    listed = {(flow["from"], flow["to"], flow["port"]) for flow in flows if "onlyWith" not in flow}
    ends = {component(pod): _end(settled, pod) for pod in settled.pods()}
    ports = sorted({flow["port"] for flow in flows} | {9090, 9901, 443, 22})
    wrong = []
    for source, one in ends.items():
        for target, other in ends.items():
            for port in ports:
                public = (target, port) in {("gateway", 8080), ("gateway", 8443)}
                wanted = (source, target, port) in listed
                # Egress decides for what the gateway offers to everyone.
                if allowed(policies, one, other, Port(port)) != wanted and not (public and wanted):
                    wrong.append(f"{source} -> {target}:{port} is {'refused' if wanted else 'open'}")
    assert wrong == []
    stranger = End("10.244.0.250", "default", {"app": "stranger"}, {"kubernetes.io/metadata.name": "default"})
    reached = {
        (name, port) for name, end in ends.items() for port in ports if allowed(policies, stranger, end, Port(port))
    }
    assert reached == {("gateway", 8080)}


def _end(release: Release, pod: dict[str, object]) -> End:
    metadata: dict[str, dict[str, str]] = pod["metadata"]  # type: ignore[assignment]
    return End(
        str(pod["status"]["podIP"]),  # type: ignore[index]
        release.namespace,
        metadata["labels"],
        {"kubernetes.io/metadata.name": release.namespace},
    )


def test_every_pod_of_the_platform_is_selected_by_a_policy(settled: Release) -> None:
    policies = settled.objects("networkpolicies")
    for pod in settled.pods():
        labels = pod["metadata"]["labels"]
        own = [
            p for p in policies if p["spec"]["podSelector"].get("matchLabels", {}).get(COMPONENT) == labels[COMPONENT]
        ]
        assert own, pod["metadata"]["name"]
