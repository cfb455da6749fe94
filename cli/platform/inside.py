"""The platform around the toolbox: what a pod of the chart's CronJob `toolbox` was given in its environment."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cli.platform import mailbox
from cli.platform.errors import PlatformError
from cli.platform.sites import Broker, InNamespace

_SECURITY = {
    "security.protocol": "MERCATO_KAFKA_SECURITY_PROTOCOL",
    "sasl.mechanism": "MERCATO_KAFKA_SASL_MECHANISM",
    "sasl.username": "MERCATO_KAFKA_USERNAME",
    "sasl.password": "MERCATO_KAFKA_PASSWORD",
    "ssl.ca.location": "MERCATO_KAFKA_CA_FILE",
}
"""librdkafka's settings by the variables that the services know too."""


@dataclass(frozen=True, slots=True)
class Inside:
    """`Internals` of the namespace that the pod is in."""

    environment: Mapping[str, str]

    @classmethod
    def here(cls) -> "Inside | None":
        """None where this process is in no toolbox."""
        return cls(os.environ) if os.environ.get("MERCATO_TOOLBOX_NAMESPACE") else None

    @property
    def broker(self) -> Broker:
        """Raises PlatformError where Kafka asks for a user and the chart was given none for us."""
        security = {key: value for key, name in _SECURITY.items() if (value := self.environment.get(name))}
        if security.get("security.protocol", "").startswith("SASL_") and "sasl.username" not in security:
            raise PlatformError(
                "Kafka asks for a user who may read all topics, and the release names none: set "
                "kafka.external.adminUsername, with its password under that key in the Secret of kafka.existingSecret"
            )
        return Broker(self._required("MERCATO_KAFKA_BOOTSTRAP"), security)

    def database_url(self, service: str) -> str:
        """How TLS is used and whom to trust, libpq takes from its own variables."""
        password = Path(self._required("MERCATO_DATABASES_DIRECTORY"), service).read_text(encoding="utf-8").rstrip("\n")
        return (
            f"postgresql://{service}:{quote(password, safe='')}@{self._required('MERCATO_POSTGRES_ADDRESS')}/{service}"
        )

    @property
    def simulated(self) -> bool:
        return self.environment.get("MERCATO_PAYMENT_MODE") == "simulator"

    def message_ids(self) -> Iterable[str] | None:
        url = self.environment.get("MERCATO_MAIL_URL")
        return mailbox.over_http(url, self.remedies.status) if url else None

    @property
    def remedies(self) -> InNamespace:
        return InNamespace(self._required("MERCATO_TOOLBOX_NAMESPACE"))

    def _required(self, name: str) -> str:
        value = self.environment.get(name)
        if not value:
            raise PlatformError(f"{name} is not set: start this from a Job of the CronJob toolbox")
        return value
