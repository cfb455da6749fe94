"""What follows from a plan: the accounts of users, and the logs to look at. Pure."""

from collections.abc import Mapping

from mercato_operator.kafka.acls import observing
from mercato_operator.kafka.backend import Account
from mercato_operator.kafka.progress import Read
from mercato_operator.topics.plan import Plan
from mercato_operator.topics.uses import Use


def accounts(
    wanted: Plan,
    uses: Mapping[str, Use],
    passwords: Mapping[str, str],
    secret: tuple[str, str] | None = None,
    observer: str = "",
) -> list[Account]:
    """The platform's own users (`passwords`), and those of services whose names are not among them.

    `secret` is the namespace and name of the Secret with a key for each of the platform's own users; `observer` is the
    one among them who may read all topics.
    """
    groups = {group for planned in wanted.planned.values() for group in planned.groups}
    rights = {**wanted.access, observer: observing((topic.name for topic in wanted.topics), groups)}
    platform = [
        Account(
            user,
            rights.get(user, frozenset()),
            password,
            managed=user == observer,  # it goes where nobody is to look any more
            secret=(*secret, user) if secret else None,
        )
        for user, password in sorted(passwords.items())
    ]
    return platform + [
        Account(use.user, rights.get(use.user, frozenset()), use.password, secret=(*use.secret, "password"))
        for use in uses.values()
        if use.user not in passwords
    ]


def reads(wanted: Plan) -> list[Read]:
    """One for each topic that somebody consumes."""
    found = []
    for planned in wanted.planned.values():
        names, main = {topic.name for topic in planned.topics}, planned.topics[0]
        retried = any(f"{main.name}.{group}.retry" in names for group in planned.groups)
        buried = any(f"{main.name}.{group}.dead-letter" in names for group in planned.groups)
        if planned.groups:
            found.append(Read(main.name, main.partitions, planned.groups, retried, buried))
    return found
