"""Kafka's users and what they may do, on a broker that asks for SCRAM and has an authorizer."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it names no exports
    AclBinding,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from mercato_operator.kafka.backend import Account, Fault, Outcome
from mercato_operator.kafka.bindings import binding, exactly, of_everyone
from mercato_operator.kafka.connection import Connection, KafkaAdminError
from mercato_operator.kafka.faults import fault_of

Rights = Mapping[str, set[AclBinding]]
_ITERATIONS = 4096
_MECHANISM = ScramMechanism.SCRAM_SHA_512


class KafkaUsers:
    """Brings users to the declared state; each call may be repeated. Raises KafkaAdminError without Kafka.

    Kafka tells no password, so a user's is set when it is not the one that was set last, or the user is gone.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection, self._client = connection, connection.client
        self._passwords: dict[str, str] = {}

    def bring(self, accounts: Sequence[Account]) -> dict[str, Outcome]:
        """Each may do what it is granted, and nothing else; what became of each, by user.

        Rights come before passwords: a user that can sign in but may do nothing yet would be refused for good.
        """
        rights = {each.user: {binding(each.user, item) for item in each.access} for each in accounts}
        present = self._rights()
        missing = {user: wanted - present.get(user, set()) for user, wanted in rights.items()}
        surplus = {user: present.get(user, set()) - wanted for user, wanted in rights.items()}
        faults = self._change(missing, surplus)
        faults |= self._set_passwords([each for each in accounts if each.user not in faults])
        return {user: Outcome(_lines(len(missing[user]), len(surplus[user])), faults.get(user)) for user in rights}

    def retire(self, users: Collection[str]) -> dict[str, Outcome]:
        """Takes a password that nobody knows, then all rights; without a fault nobody can sign in as the user any more.

        Its password is not deleted: a Kafka (up to 4.4 at least) that reads a deletion at its start, and no snapshot
        before it, may lose the passwords of all users with it, its own administrator's too.
        """
        if not users:
            return {}
        credential = ScramCredentialInfo(_MECHANISM, _ITERATIONS)
        faults = self._alter(
            "retire the user",
            [
                UserScramCredentialUpsertion(user, credential, secrets.token_hex(32).encode())
                for user in self.present() & set(users)
            ],
        )
        rights = self._rights()
        faults |= self._change({}, {user: rights.get(user, set()) for user in users if user not in faults})
        for user in users:
            self._passwords.pop(user, None)
        return {user: Outcome((f"retired user {user}",), faults.get(user)) for user in users}

    def present(self) -> set[str]:
        """Users that have a password."""
        found = self._connection.call(
            "list users",
            lambda: self._client.describe_user_scram_credentials(None, request_timeout=self._connection.timeout),
        )
        return set(self._connection.wait("list users", found))

    def _rights(self) -> dict[str, set[AclBinding]]:
        """All there are, by user, in one request."""
        found = self._connection.call(
            "read ACLs", lambda: self._client.describe_acls(of_everyone(), request_timeout=self._connection.timeout)
        )
        rights: dict[str, set[AclBinding]] = {}
        for each in self._connection.wait("read ACLs", found):
            rights.setdefault(each.principal.removeprefix("User:"), set()).add(each)
        return rights

    def _change(self, missing: Rights, surplus: Rights) -> dict[str, Fault]:
        limits = {"request_timeout": self._connection.timeout}
        given = {each: user for user, bindings in missing.items() for each in bindings}
        taken = {exactly(each): user for user, bindings in surplus.items() for each in bindings}
        faults: dict[str, Fault] = {}
        if given:
            futures = self._connection.call("create ACLs", lambda: self._client.create_acls(list(given), **limits))
            self._await("give {} its rights", given, futures, faults)
        if taken:
            futures = self._connection.call("delete ACLs", lambda: self._client.delete_acls(list(taken), **limits))
            self._await("take from {} what it may not", taken, futures, faults)
        return faults

    def _await(self, what: str, whose: Mapping[Any, str], futures: Mapping[Any, Any], faults: dict[str, Fault]) -> None:
        for key, future in futures.items():
            try:
                self._connection.wait(what.format(whose[key]), future)
            except KafkaAdminError as error:
                faults[whose[key]] = fault_of(error)

    def _set_passwords(self, accounts: Sequence[Account]) -> dict[str, Fault]:
        if not accounts:
            return {}
        known = {user: self._passwords.get(user) for user in self.present()}
        stale = [each for each in accounts if known.get(each.user) != each.password]
        credential = ScramCredentialInfo(_MECHANISM, _ITERATIONS)
        faults = self._alter(
            "set the password of",
            [UserScramCredentialUpsertion(each.user, credential, each.password.encode()) for each in stale],
        )
        self._passwords |= {each.user: each.password for each in stale if each.user not in faults}
        return faults

    def _alter(self, what: str, changes: Sequence[UserScramCredentialUpsertion]) -> dict[str, Fault]:
        if not changes:
            return {}
        alterations: list[UserScramCredentialAlteration] = [*changes]
        futures = self._connection.call(
            "change users",
            lambda: self._client.alter_user_scram_credentials(alterations, request_timeout=self._connection.timeout),
        )
        faults: dict[str, Fault] = {}
        for user, future in futures.items():
            try:
                self._connection.wait(f"{what} {user}", future)
            except KafkaAdminError as error:
                faults[user] = fault_of(error)
        return faults


def _lines(given: int, taken: int) -> tuple[str, ...]:
    return (f"{given} rights given, {taken} taken",) if given or taken else ()
