"""Rights in the words of Kafka's admin API."""

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it names no exports
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from mercato_operator.kafka.acls import Access

_KINDS = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}
_OPERATIONS = {"Describe": AclOperation.DESCRIBE, "Read": AclOperation.READ, "Write": AclOperation.WRITE}
_ANY_HOST = "*"


def binding(user: str, item: Access) -> AclBinding:
    kind, operation = _KINDS[item.kind], _OPERATIONS[item.operation]
    return AclBinding(
        kind, item.name, ResourcePatternType.LITERAL, f"User:{user}", _ANY_HOST, operation, AclPermissionType.ALLOW
    )


def of_everyone() -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.ANY,
        None,  # type: ignore[arg-type]  # any name
        ResourcePatternType.ANY,
        None,  # type: ignore[arg-type]  # any user
        None,  # type: ignore[arg-type]  # any host
        AclOperation.ANY,
        AclPermissionType.ANY,
    )


def exactly(one: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        one.restype, one.name, one.resource_pattern_type, one.principal, one.host, one.operation, one.permission_type
    )
