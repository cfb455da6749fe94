"""What settings are: the fields every service has, how values become settings, and how a change is adopted."""

import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BeforeValidator, Field, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError

from services.chassis.configuration.config_client import ConfigValue
from services.chassis.configuration.issuers import Issuer

B = TypeVar("B", bound=BaseSettings)
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(lambda v: v.upper() if isinstance(v, str) else v)
]


def reloadable(default: Any, **field_arguments: Any) -> Any:
    """A field whose changed value is applied to the running service; arguments are those of `pydantic.Field`."""
    return Field(default, json_schema_extra={"reloadable": True}, **field_arguments)


class InvalidSettingsError(ValueError):
    """A value cannot be used; the text is one line that names the field, where its value came from and the remedy."""


class Bootstrap(BaseSettings):
    """What must be known before the config service can be asked; never read from it."""

    model_config = SettingsConfigDict(
        env_prefix="MERCATO_", extra="ignore", env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    config_url: str | None = Field(
        None, description="base URL of the config service; none: environment and defaults only"
    )
    config_wait: float = Field(60.0, ge=0, description="seconds to wait for a config service that is late")
    profiles: str = Field(
        "default", pattern=r"^[\w-]+(,[\w-]+)*$", description="profiles, separated by commas; last wins"
    )


class ServiceSettings(Bootstrap):
    """Settings every service has; the defaults are those of a pod in Kubernetes."""

    service: ClassVar[str]
    """Name of the service, and of its document in the config service."""
    uses_config_service: ClassVar[bool] = True

    instance: str = Field(default_factory=socket.gethostname, description="name of this process, e.g. `order-2`")
    host: str = "0.0.0.0"  # noqa: S104 - a pod's network decides who reaches it; `./mercato up` sets 127.0.0.1
    port: int = Field(8080, ge=0, le=65535)
    metrics_port: int = Field(9090, ge=0, le=65535)
    log_level: LogLevel = reloadable("INFO")
    trace_sample_ratio: float = reloadable(1.0, ge=0, le=1, description="share of new traces that are recorded")
    issuer: Issuer = Field("http://gateway", description="`iss` of the bearer tokens that are accepted, an address")
    audience: str = "mercato"
    claim_roles: str = Field(
        "roles",
        min_length=1,
        description="claim with the caller's roles, as a path where it is nested: `realm_access.roles`",
    )
    claim_email: str = Field("email", min_length=1, description="claim with the caller's e-mail address")
    claim_name: str = Field("name", min_length=1, description="claim with the caller's name")
    jwks_url: str = "http://customer/.well-known/jwks.json"
    database_url: SecretStr | None = Field(None, description="postgresql://role:password@host:port/database")
    database_pool_size: int = Field(10, ge=2, le=100, description="most connections this process opens")
    kafka_bootstrap: str = "kafka:9092"
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="whether the connection is encrypted (SSL), and has a user (SASL)"
    )
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="how the user proves its password"
    )
    kafka_username: str | None = Field(None, description="user of this service, where the protocol is SASL_…")
    kafka_password: SecretStr | None = Field(None, description="its password")
    kafka_group: str = Field(
        "", description="its consumer group, also in the names of its retry and dead-letter topics; empty: its own name"
    )
    kafka_ca_file: Path | None = Field(None, description="PEM file of the brokers' certificate authority")
    most_set_aside: int = reloadable(
        100,
        ge=0,
        le=200,
        description="of its last 400 messages a consumer sets so many aside, where they are half or more, before it "
        "stops reading; 0: it never stops",
    )
    static_membership: bool = Field(
        False, description="join consumer groups under `instance`: only where names outlive restarts"
    )

    _configured: frozenset[str] = PrivateAttr(default=frozenset())
    _restart_pending: frozenset[str] = PrivateAttr(default=frozenset())
    _listeners: list[Callable[[frozenset[str]], None]] = PrivateAttr(default_factory=list)

    @property
    def group(self) -> str:
        """The consumer group it is a member of."""
        return self.kafka_group or self.service

    @property
    def restart_pending(self) -> frozenset[str]:
        """Fields whose value in the config service differs from the one this process runs with."""
        return self._restart_pending

    def on_change(self, listener: Callable[[frozenset[str]], None]) -> None:
        """Call `listener` with the names of the fields, after a change was applied to them."""
        self._listeners.append(listener)

    def adopt(self, config: Mapping[str, ConfigValue]) -> frozenset[str]:
        """Apply the document's reloadable fields to this instance, all or none; answers the names that changed.

        Raises InvalidSettingsError, and leaves everything as it was, when any value cannot be used.
        """
        pinned = self.model_fields_set - self._configured
        usable = usable_part(type(self), config, pinned)
        candidate = build(type(self), usable, {name: getattr(self, name) for name in pinned})
        differing = {n for n in self._configured | usable.keys() if getattr(candidate, n) != getattr(self, n)}
        changed = frozenset(name for name in differing if is_reloadable(type(self), name))
        for name in changed:
            self.__dict__[name] = getattr(candidate, name)  # the model is frozen for everyone else
        self._configured |= usable.keys()  # also what left the document: the next change must still find it
        self._restart_pending = frozenset(differing) - changed
        if changed:
            for listener in self._listeners:
                listener(changed)
        return changed


def is_reloadable(settings: type[BaseSettings], name: str) -> bool:
    extra = settings.model_fields[name].json_schema_extra
    return isinstance(extra, dict) and extra.get("reloadable") is True


def usable_part(
    settings: type[BaseSettings], config: Mapping[str, ConfigValue], pinned: frozenset[str] | set[str]
) -> dict[str, ConfigValue]:
    """The part of a document that speaks of this service's fields and is not overruled."""
    excluded = pinned | Bootstrap.model_fields.keys()
    return {name: value for name, value in config.items() if name in settings.model_fields and name not in excluded}


def given_by_environment(settings: type[BaseSettings]) -> dict[str, Any]:
    try:
        return EnvSettingsSource(settings)()
    except SettingsError as error:
        raise InvalidSettingsError(f"{error}: write it as JSON and start again") from None


def build(settings: type[B], config: Mapping[str, ConfigValue], given: Mapping[str, Any]) -> B:
    try:
        return settings(**{name: value.value for name, value in config.items()}, **given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "missing":
            raise InvalidSettingsError(
                f"setting {first['loc'][0]} is missing: set {_variable(first['loc'][0])}"
            ) from None
        name = str(first["loc"][0]) if first["loc"] else "the settings together"
        raise InvalidSettingsError(f"setting {name} is invalid: {first['msg']}; {_remedy(name, config)}") from None
    except SettingsError as error:
        raise InvalidSettingsError(f"{error}: write it as JSON and start again") from None


def _remedy(name: str, config: Mapping[str, ConfigValue]) -> str:
    if name in config:
        return f"its value comes from config document {config[name].source}: correct it there"
    return f"its value comes from environment variable {_variable(name)}: correct it and start again"


def _variable(name: int | str) -> str:
    return f"MERCATO_{name}".upper()
