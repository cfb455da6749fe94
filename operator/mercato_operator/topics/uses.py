"""What the services controller tells the topics controller, and hears back: who uses Kafka, and whether it can.

Both live in one event loop; nothing here waits. A callback is called after each change, in the order of registration.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Use:
    """How a service uses Kafka."""

    user: str
    """Also its consumer group: the service's name in the operator's own namespace, `<namespace>.<name>` elsewhere."""
    consumes: frozenset[str]
    """Names of topics."""
    produces: frozenset[str]
    secret: tuple[str, str]
    """Namespace and name of the Secret whose key `password` holds the password."""
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UserState:
    """Whether a user can do all that `use` asks for; `use` may be older than what was asked for last.

    `reason` is one word in CamelCase, `message` a sentence a person acts on.
    """

    use: Use
    ready: bool
    reason: str
    message: str


class Uses:
    """The uses that are wanted, by user, and what became of them."""

    def __init__(self) -> None:
        self._wanted: dict[str, Use] = {}
        self._states: dict[str, UserState] = {}
        self._on_wanted: list[Callable[[], None]] = []
        self._on_state: list[Callable[[str], None]] = []
        self._synced = False

    # -- the services controller's side -------------------------------------------------------------------------------
    def want(self, use: Use) -> None:
        """From now on this is what `use.user` is to have."""
        if self._wanted.get(use.user) != use:
            self._wanted[use.user] = use
            self._wake()

    def forget(self, user: str) -> None:
        """The user and its rights go."""
        if self._wanted.pop(user, None) is not None:
            self._states.pop(user, None)
            self._wake()

    def state(self, user: str) -> UserState | None:
        """None until it was looked at."""
        return self._states.get(user)

    def on_state(self, changed: Callable[[str], None]) -> None:
        """`changed` is called with the name of a user whose state is another one."""
        self._on_state.append(changed)

    @property
    def synced(self) -> bool:
        """Whether all uses of the first listing were told: before, no user may be removed."""
        return self._synced

    @synced.setter
    def synced(self, value: bool) -> None:
        if value != self._synced:
            self._synced = value
            self._wake()

    # -- the topics controller's side ---------------------------------------------------------------------------------
    def all(self) -> Mapping[str, Use]:
        """What is wanted now, by user."""
        return dict(self._wanted)

    def told(self, states: Mapping[str, UserState]) -> None:
        """What a pass found; that of users who were forgotten meanwhile is dropped."""
        for user, state in states.items():
            if user in self._wanted and self._states.get(user) != state:
                self._states[user] = state
                for changed in self._on_state:
                    changed(user)

    def on_wanted(self, changed: Callable[[], None]) -> None:
        """`changed` is called when other uses are wanted than before."""
        self._on_wanted.append(changed)

    def _wake(self) -> None:
        for changed in self._on_wanted:
            changed()
