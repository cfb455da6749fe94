"""A `CommerceService`, read. Pure: no Kubernetes, no database.

The API server holds objects against operator/crds/commerceservice.yaml; a test holds that against this model.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

API_VERSION: Final = "mercato.dev/v1alpha1"
KIND: Final = "CommerceService"
ROTATE: Final = "mercato.dev/rotate"
"""The annotation whose every new value asks for new passwords."""

_Quantity = int | Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$", max_length=20)]
_Quantities = Annotated[dict[str, _Quantity], Field(max_length=8)]
_Topics = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=249, pattern=r"^[a-zA-Z0-9._-]+$")]], Field(max_length=32)
]


class InvalidServiceError(ValueError):
    """The object cannot be used; the text is one line that names the field and the reason."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel)


class Autoscaling(_Part):
    """Pods by their use of CPU, in percent of what is requested."""

    min_replicas: int = Field(1, ge=1, le=100)
    max_replicas: int = Field(ge=1, le=100)
    target_cpu: int = Field(80, ge=1, le=1000, alias="targetCPUUtilizationPercentage")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise ValueError("minReplicas must not be above maxReplicas")
        return self


class Resources(_Part):
    """Of the container. CPU has no limit: a service that is throttled answers late for no gain."""

    requests: _Quantities = {}
    limits: _Quantities = {}


DEFAULT_RESOURCES: Final = Resources(requests={"cpu": "50m", "memory": "112Mi"}, limits={"memory": "256Mi"})


class Route(_Part):
    path_prefix: str = Field(min_length=2, max_length=200, pattern=r"^(/[A-Za-z0-9._~-]+)+$")


class Database(_Part):
    enabled: bool


class KeyRef(_Part):
    name: str = Field(min_length=1, max_length=253)
    key: str = Field(min_length=1, max_length=253)


class ValueFrom(_Part):
    secret_key_ref: KeyRef | None = None
    config_map_key_ref: KeyRef | None = None


class Variable(_Part):
    """`value` or `value_from`."""

    name: str = Field(min_length=1, max_length=128, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    value: str | None = Field(None, max_length=8192)
    value_from: ValueFrom | None = None


class Spec(_Part):
    image: str = Field(min_length=1, max_length=500, pattern=r"^[^\s]+$")
    port: int = Field(8080, ge=1, le=65535)
    replicas: int | None = Field(None, ge=0, le=100)
    autoscaling: Autoscaling | None = None
    resources: Resources = DEFAULT_RESOURCES
    route: Route | None = None
    config: dict[str, Any] = {}
    database: Database = Database(enabled=False)
    consumes: _Topics = []
    produces: _Topics = []
    env: Annotated[list[Variable], Field(max_length=64)] = []
    suspend: bool = False
    deletion_policy: Literal["Retain", "Delete"] = "Retain"


@dataclass(frozen=True, slots=True)
class CommerceService:
    """One object; `created` is RFC 3339, `rotate` what its annotation says, or empty."""

    namespace: str
    name: str
    uid: str
    generation: int
    created: str
    spec: Spec
    rotate: str = ""
    deleting: bool = False
    finalizers: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.namespace, self.name

    @property
    def least_replicas(self) -> int:
        """Pods there are at least while it is not suspended."""
        if self.spec.autoscaling is not None:
            return self.spec.autoscaling.min_replicas
        return 1 if self.spec.replicas is None else self.spec.replicas

    @property
    def messages(self) -> bool:
        """Whether it speaks to Kafka."""
        return bool(self.spec.consumes or self.spec.produces)


def commerce_service(body: Any) -> CommerceService:
    """An object as the API server gives it. Raises InvalidServiceError."""
    metadata = body["metadata"]
    try:
        spec = Spec.model_validate(body.get("spec"), by_alias=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(("spec", *(str(part) for part in first["loc"])))
        raise InvalidServiceError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from None
    return CommerceService(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        generation=metadata.get("generation", 0),
        created=metadata.get("creationTimestamp", ""),
        spec=spec,
        rotate=(metadata.get("annotations") or {}).get(ROTATE, ""),
        deleting="deletionTimestamp" in metadata,
        finalizers=tuple(metadata.get("finalizers") or ()),
    )
