"""How far a pod has come on its way to being ready. Pure: no cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PULLING = {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"}
_HOPELESS = {"ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"}
_BROKEN = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}


@dataclass(frozen=True, slots=True)
class Start:
    """`why` it is not ready yet, with the remedy where there is one; `hopeless`: waiting will not help."""

    why: str
    ready: bool = False
    hopeless: bool = False


def start_of(pod: Mapping[str, Any]) -> Start:
    """Of a pod with one container, as the API server answers it."""
    status = pod.get("status", {})
    conditions = {each["type"]: each for each in status.get("conditions", [])}
    if conditions.get("Ready", {}).get("status") == "True":
        return Start("", ready=True)
    if status.get("phase") in {"Failed", "Succeeded"}:
        return Start(
            f"its pod has ended ({status.get('message') or status.get('reason') or 'no reason given'})", False, True
        )
    for container in status.get("containerStatuses", []):
        if waiting := container.get("state", {}).get("waiting"):
            return _waiting(container["image"], waiting)
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return Start(f"no node takes its pod ({scheduled.get('message', '')})")
    return Start(f"its pod is {status.get('phase', 'Pending')}")


def _waiting(image: str, waiting: Mapping[str, str]) -> Start:
    reason, message = waiting.get("reason", ""), waiting.get("message", "")
    if reason in _PULLING:
        remedy = "see images.registry, images.tag and images.pullSecrets, or ./mercato cluster load"
        return Start(f"its image {image} cannot be pulled ({reason}): {remedy}", hopeless=reason in _HOPELESS)
    return Start(f"its container waits ({reason}{': ' if message else ''}{message})", hopeless=reason in _BROKEN)
