"""What a Deployment and its pods say of themselves, as a condition that a person acts on. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from mercato_operator.kube.conditions import Condition
from mercato_operator.services.model import CommerceService

Object = Mapping[str, Any]
TYPE = "WorkloadReady"
_IMAGE = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
_CONFIGURATION = {"CreateContainerConfigError", "CreateContainerError"}


def rolled_out(deployment: Object) -> bool:
    """Whether all pods that should be there run the newest template and are available, and no other is left."""
    status = deployment.get("status") or {}
    wanted = deployment["spec"].get("replicas", 1)
    return bool(
        status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
        and status.get("updatedReplicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
    )


def condition(service: CommerceService, deployment: Object | None, pods: Iterable[Object] = ()) -> Condition:
    """`pods` are asked why only where the Deployment is not as it should be."""
    if deployment is None:
        return Condition(TYPE, "False", "Waiting", "Its pods are made once its database and its Kafka user are ready.")
    if rolled_out(deployment):
        if service.spec.suspend:
            return Condition(TYPE, "True", "Suspended", "It has no pods, since spec.suspend is true.")
        return Condition(TYPE, "True", "Available", "All pods run the newest version and are ready.")
    if trouble := _trouble(deployment, pods):
        return Condition(TYPE, "False", *trouble)
    status = deployment.get("status") or {}
    wanted = deployment["spec"].get("replicas", 1)
    new, ready = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    return Condition(TYPE, "False", "Progressing", f"{new} of {wanted} pods are new, {ready} are ready.")


def _trouble(deployment: Object, pods: Iterable[Object]) -> tuple[str, str] | None:
    """(reason, message) of what does not pass by itself."""
    found = {each["type"]: each for each in (deployment.get("status") or {}).get("conditions") or ()}
    failure = found.get("ReplicaFailure", {})
    if failure.get("status") == "True":
        return "PodsRefused", f"The API server takes no pod: {failure.get('message')}"
    for pod in pods:
        if known := _of_pod(pod):
            return known
    progressing = found.get("Progressing", {})
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return "NotReady", (
            "Its pods do not become ready: see kubectl logs, and that they answer /livez and /readyz on MERCATO_PORT."
        )
    return None


def _of_pod(pod: Object) -> tuple[str, str] | None:
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    for container in status.get("containerStatuses") or ():
        waiting = (container.get("state") or {}).get("waiting") or {}
        reason, text = waiting.get("reason", ""), waiting.get("message", "")
        if reason in _IMAGE:
            return "ImageNotPulled", f"The image {container.get('image')} cannot be pulled: {text or reason}"
        if reason in _CONFIGURATION:
            return "ContainerNotMade", f"Pod {name} cannot be started: {text or reason}"
        if reason == "CrashLoopBackOff":
            last = ((container.get("lastState") or {}).get("terminated")) or {}
            why = last.get("reason") or "Error"
            return "Crashing", (
                f"Pod {name} ended {container.get('restartCount', 0)} times, last with {why}, exit code "
                f"{last.get('exitCode')}: see kubectl logs {name} --previous"
            )
    for each in status.get("conditions") or ():
        if each["type"] == "PodScheduled" and each["status"] == "False":
            return "NotScheduled", f"No node takes pod {name}: {each.get('message')}"
    return None
