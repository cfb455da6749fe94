"""One operator's topics controller on a fake API server and a fake Kafka, a pass at a time."""

from dataclasses import dataclass, field
from typing import Any

from mercato_operator.kafka.backend import BackendUnavailable
from mercato_operator.topics.objects import ORDER_TOPICS, Objects
from mercato_operator.topics.reporting import Reporter
from mercato_operator.topics.round import TopicsPass
from mercato_operator.topics.uses import Use, Uses

from services.chassis.kube.events import News
from tests.support.fake_api import FakeApi
from tests.support.fake_kafka import FakeBackend, FakeKafka

HOME = "shop"
PLATFORM = {"order": "o", "product": "p"}
"""Users of the platform itself, with their passwords."""


class Crash(BaseException):
    """The process ends here."""


@dataclass
class World:
    """`steps` counts down to a crash; None: there is none."""

    kafka: FakeKafka = field(default_factory=FakeKafka)
    steps: int | None = None
    unreadable: bool = False
    """Whether the folder of passwords is."""
    news: list[News] = field(default_factory=list)
    uses: dict[str, Use] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.api = FakeApi(self._step)
        self.start()

    def start(self) -> None:
        """A new process, which knows nothing of the one before."""
        self.told = Uses()
        for use in self.uses.values():
            self.told.want(use)
        self.told.synced = True
        objects: Any = Objects(self.api, (HOME, "team"))  # type: ignore[arg-type]
        backend = FakeBackend(self.kafka, self._step)
        reporter = Reporter(self.news.append)
        self.work = TopicsPass(objects, backend, self.told, reporter, home=HOME, passwords=self._passwords)

    def want(self, user: str, *, consumes: set[str] | None = None, produces: set[str] | None = None) -> None:
        """A service asks for it."""
        use = Use(user, frozenset(consumes or ()), frozenset(produces or ()), (HOME, f"{user}-kafka"), f"word-{user}")
        self.uses[user] = use
        self.told.want(use)

    def forget(self, user: str) -> None:
        """A service is gone."""
        self.uses.pop(user, None)
        self.told.forget(user)

    async def run(self) -> bool:
        """A pass; a crash ends the process, and a new one starts."""
        try:
            return await self.work.run()
        except Crash:
            self.steps = None
            self.start()
            return True

    async def settle(self) -> None:
        """Passes until one changes nothing."""
        for _ in range(6):
            before = self.api.writes
            again = await self.run()
            if not again and self.api.writes == before:
                return
        raise AssertionError("it does not come to rest")

    def put(self, name: str, namespace: str = HOME, created: str = "2026-01-01T00:00:00Z", **spec: Any) -> None:
        self.api.put(ORDER_TOPICS, namespace, name, {"partitions": 1, **spec}, created)

    def end(self, name: str, namespace: str = HOME) -> None:
        self.api.end(ORDER_TOPICS, namespace, name)

    def object(self, name: str, namespace: str = HOME) -> Any:
        """None where it is gone."""
        return self.api.objects.get(("ordertopics", namespace, name))

    def condition(self, name: str, type_: str = "Ready", namespace: str = HOME) -> Any:
        found = self.object(name, namespace)["status"]["conditions"]
        return next(one for one in found if one["type"] == type_)

    def _passwords(self) -> dict[str, str]:
        if self.unreadable:
            raise BackendUnavailable("the passwords of Kafka's users cannot be read: order is empty")
        return PLATFORM

    def _step(self) -> None:
        if self.steps is not None:
            self.steps -= 1
            if self.steps < 0:
                raise Crash
