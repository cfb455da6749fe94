"""How the operator's process runs, which objects it sees to, and how it reaches Kafka and Strimzi."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.kube.pod import own_namespace
from services.chassis.messaging.kafka import client_config


class ProcessSettings(ServiceSettings):
    """Each from its variable alone; the defaults are those of a pod that the chart makes."""

    service: ClassVar[str] = "operator"
    uses_config_service: ClassVar[bool] = False

    namespace: str = Field(
        default_factory=lambda: own_namespace() or "default", description="the platform's; in a pod its own"
    )
    namespaces: tuple[str, ...] = Field((), description="others whose objects are seen to as well")
    lease: str = Field("mercato-operator", description="the Lease that makes one instance active")
    topics_backend: Literal["admin", "strimzi", "none"] = Field(
        "admin", description="how topics and users come about: Kafka's admin API, Strimzi's objects, or not at all"
    )
    topic_replicas: int = Field(0, ge=0, le=100, description="copies of each partition; 0: what OrderTopics declare")
    kafka_users_directory: Path | None = Field(
        None, description="folder with the passwords of the platform's own users, a file for each, named as the user"
    )
    kafka_users_secret: str = Field(
        "", description="the Secret with the same passwords, a key for each user: pods and Strimzi are referred to it"
    )
    kafka_observer: str = Field(
        "",
        description="one of the platform's own users, who may read its topics and put dead letters back; empty: nobody",
    )
    kafka_manages_users: bool = Field(True, description="whether users and rights are seen to, where clients sign in")
    kafka_shared_user: str = Field("", description="one user for all services; empty: each has its own")
    kafka_admin: bool = Field(
        True, description="whether the Kafka user may look at all groups and topics; without, no lag is shown"
    )
    strimzi_namespace: str = Field("", description="where Strimzi's Kafka is; empty: the operator's own")
    strimzi_cluster: str = Field("mercato", description="name of the Kafka object")

    @property
    def all_namespaces(self) -> tuple[str, ...]:
        """Those whose objects are seen to, its own first."""
        return tuple(dict.fromkeys((self.namespace, *self.namespaces)))

    @property
    def kafka_users(self) -> bool:
        """Whether users and rights are seen to: only where each client of Kafka signs in as itself."""
        signs_in = self.topics_backend == "strimzi" or self.kafka_security_protocol.startswith("SASL_")
        return self.kafka_manages_users and signs_in and not self.kafka_shared_user

    def kafka_security(self) -> dict[str, str]:
        """librdkafka's settings for a broker that asks who we are. Raises SystemExit where the user is missing."""
        return {key: str(value) for key, value in client_config(self).items() if key.startswith(("sasl", "sec", "ssl"))}
