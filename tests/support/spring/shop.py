"""What each of Spring's programs is asked, and what it answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.spring.programs import Program, Served


@dataclass(frozen=True, slots=True)
class ConfigQuery:
    """What a client asks for: its name (or names), profiles and label, and values it binds to types, by name."""

    name: str
    profiles: str = ""
    label: str | None = None
    bind: dict[str, str] | None = None

    def arguments(self, url: str) -> list[str]:
        label = [f"--spring.cloud.config.label={self.label}"] if self.label else []
        profiles = [f"--spring.profiles.active={self.profiles}"] if self.profiles else []
        return [
            f"--spring.cloud.config.name={self.name}",
            f"--spring.config.import=configserver:{url}",
            "--spring.cloud.config.fail-fast=true",
            *profiles,
            *label,
        ]


class ConfigClient(Program):
    """An unmodified Spring Boot application; it is started anew for each question."""

    def __init__(self) -> None:
        super().__init__("config-client", "shop.ConfigClient")

    def resolves(self, query: ConfigQuery, url: str) -> dict[str, Any]:
        """`properties` by name, `bound` by name and type, or an `error`."""
        return self.ask({"arguments": query.arguments(url), "bind": query.bind or {}})


class ConfigServer(Served):
    """Spring's config server over the files of `folder`, which may change at any time."""

    def __init__(self, folder: Path) -> None:
        super().__init__("config-server", "shop.ConfigServer", [str(folder)])


class ResourceServer(Served):
    """Answers `/caller` with `subject` and `authorities` to a token of `issuer`; `told["client"]` is what it found."""

    def __init__(self, issuer: str) -> None:
        super().__init__("resource-server", "shop.ResourceServer", [issuer])


class EurekaClient(Program):
    """Reads `/eureka` of our facade every second; `ask(service)` is what it knows: `services, instances, chosen`."""

    def __init__(self, url: str) -> None:
        arguments = [
            f"--eureka.client.service-url.defaultZone={url}/eureka/",
            "--spring.cloud.service-registry.auto-registration.enabled=false",
            "--eureka.client.register-with-eureka=false",
            "--eureka.client.registry-fetch-interval-seconds=1",
        ]
        super().__init__("eureka-client", "shop.DiscoveryProgram", arguments)


class KubernetesClient(Program):
    """Reads `/apps` of our facade as Spring Cloud Kubernetes' discovery server; asked as `EurekaClient` is."""

    def __init__(self, url: str) -> None:
        arguments = [
            f"--spring.cloud.kubernetes.discovery.discovery-server-url={url}",
            "--spring.main.cloud-platform=kubernetes",
        ]
        super().__init__("kubernetes-client", "shop.DiscoveryProgram", arguments)
