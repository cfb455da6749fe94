"""Kafka's users and what they may do, on a broker that asks for SCRAM and has an authorizer."""

from collections.abc import Iterable, Mapping

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it names no exports
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from mercato_operator.acls import Access
from mercato_operator.connection import TIMEOUT, Connection

_KINDS = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}
_OPERATIONS = {"Describe": AclOperation.DESCRIBE, "Read": AclOperation.READ, "Write": AclOperation.WRITE}
_ITERATIONS = 4096
_ANY_HOST = "*"


class KafkaUsers:
    """Brings users to the declared state; each call may be repeated. Raises KafkaAdminError."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._client = connection, connection.client

    def ensure(self, passwords: Mapping[str, str], granted: Mapping[str, Iterable[Access]]) -> list[str]:
        """Each user of `passwords` may do what is `granted`, and nothing else; answers lines that say what changed.

        Rights come before passwords: a user that can sign in but may do nothing yet would be refused for good.
        """
        done: list[str] = []
        for user in sorted(passwords):
            done += self._allow(user, {_binding(user, item) for item in granted.get(user, ())})
        self._set_passwords(passwords)
        return done

    def _allow(self, user: str, wanted: set[AclBinding]) -> list[str]:
        found = self._connection.call(
            "read ACLs", lambda: self._client.describe_acls(_all_of(user), request_timeout=TIMEOUT)
        )
        present = set(self._connection.wait(f"read the ACLs of {user}", found))
        missing, surplus = wanted - present, present - wanted
        if missing:
            futures = self._connection.call(
                "create ACLs", lambda: self._client.create_acls(list(missing), request_timeout=TIMEOUT)
            )
            for future in futures.values():
                self._connection.wait(f"allow {user} what it needs", future)
        if surplus:
            filters = [_exactly(binding) for binding in surplus]
            futures = self._connection.call(
                "delete ACLs", lambda: self._client.delete_acls(filters, request_timeout=TIMEOUT)
            )
            for future in futures.values():
                self._connection.wait(f"take from {user} what it may not", future)
        if not missing and not surplus:
            return []
        return [f"user {user}: {len(missing)} rights given, {len(surplus)} taken"]

    def _set_passwords(self, passwords: Mapping[str, str]) -> None:
        credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ITERATIONS)
        changes: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(user, credential, word.encode()) for user, word in passwords.items()
        ]
        if not changes:
            return
        futures = self._connection.call(
            "set passwords", lambda: self._client.alter_user_scram_credentials(changes, request_timeout=TIMEOUT)
        )
        for user, future in futures.items():
            self._connection.wait(f"set the password of {user}", future)


def _binding(user: str, item: Access) -> AclBinding:
    kind, operation = _KINDS[item.kind], _OPERATIONS[item.operation]
    return AclBinding(
        kind, item.name, ResourcePatternType.LITERAL, f"User:{user}", _ANY_HOST, operation, AclPermissionType.ALLOW
    )


def _all_of(user: str) -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.ANY,
        None,  # type: ignore[arg-type]  # any name
        ResourcePatternType.ANY,
        f"User:{user}",
        None,  # type: ignore[arg-type]  # any host
        AclOperation.ANY,
        AclPermissionType.ANY,
    )


def _exactly(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )
