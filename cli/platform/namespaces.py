"""A platform in a namespace of a cluster, from outside: through its gateway, by kubectl."""

import base64
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cli.layout import STATE
from cli.platform.errors import PlatformError
from cli.platform.forward import forwarded
from cli.platform.kubectl import Kubectl, NotThereError
from cli.platform.sites import AdminLogIn, InNamespace

FOLDER = STATE / "namespaces"


@dataclass(frozen=True)
class InCluster:
    """`Entry` of a namespace; what only some commands need is asked for when it is needed. Raises PlatformError."""

    kubectl: Kubectl
    gateway_url: str
    accounts_folder: Path
    opened: ExitStack
    """Ends what was opened on the way."""

    @property
    def remedies(self) -> InNamespace:
        return InNamespace(self.kubectl.namespace)

    @cached_property
    def mail_url(self) -> str | None:
        try:
            return self.opened.enter_context(forwarded(self.kubectl, "mail", 80))
        except NotThereError:
            return None

    @property
    def inbox(self) -> str:
        return f"kubectl -n {self.kubectl.namespace} port-forward svc/mail 8025:80, then http://127.0.0.1:8025"

    @cached_property
    def admin(self) -> AdminLogIn:
        """As the customer service has it, whichever Secret that is."""
        customer = self.kubectl.read("deployment", "customer")
        email, password = (secret_of(customer, f"MERCATO_ADMIN_{what}") for what in ("EMAIL", "PASSWORD"))
        return AdminLogIn(self._value(*email), self._value(*password), f"Secret {password[0]}")

    def _value(self, secret: str, key: str) -> str:
        found = self.kubectl.read("secret", secret).get("data") or {}
        if key not in found:
            raise PlatformError(f"Secret {secret} has no key {key}: add it")
        return base64.b64decode(found[key]).decode()


@contextmanager
def entered(namespace: str) -> Iterator[InCluster]:
    """The platform in `namespace`, reached for as long as the block runs. Raises PlatformError."""
    kubectl = Kubectl(namespace)
    with ExitStack() as opened:
        try:
            gateway = opened.enter_context(forwarded(kubectl, "gateway", 80))
        except NotThereError as error:
            remedy = "with gateway.mode gateway-api the platform is reached by the address of its Gateway"
            raise kubectl.absent(f"{error}: {remedy}") from None
        yield InCluster(kubectl, gateway, _accounts(kubectl), opened)


def _accounts(kubectl: Kubectl) -> Path:
    """A namespace that is made anew under the same name is another one, with none of the customers of before."""
    folder = FOLDER / str(kubectl.read("namespace", kubectl.namespace)["metadata"]["uid"])
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def secret_of(deployment: Mapping[str, Any], variable: str) -> tuple[str, str]:
    """The Secret and its key that a Deployment's environment takes `variable` from. Raises PlatformError."""
    for container in deployment["spec"]["template"]["spec"]["containers"]:
        for entry in container.get("env", []):
            reference = entry.get("valueFrom", {}).get("secretKeyRef")
            if entry["name"] == variable and reference:
                return str(reference["name"]), str(reference["key"])
    name = deployment["metadata"]["name"]
    raise PlatformError(f"deployment {name} takes {variable} from no Secret: install it by the chart")
