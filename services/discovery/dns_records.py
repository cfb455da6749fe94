"""Backend: SRV records of headless services, asked for again and again; needs no access to the API server.

The records of `_http._tcp.<service>.<namespace>.svc.cluster.local` list the ready endpoints (Kubernetes DNS-Based
Service Discovery, 2.4.1). A change is seen when the records' TTL is over.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver

from services.chassis.retry import spread
from services.chassis.runtime.latest import Latest
from services.chassis.runtime.tasks import essential, stop
from services.discovery.instances import Instance, Snapshot

log = logging.getLogger(__name__)

_ANSWER_SECONDS: Final = 3.0
_LONGEST_PAUSE: Final = 30.0
_EMPTY_PAUSE: Final = 5.0
"""Servers keep the answer that there is nothing for a while too."""
_SECURE_PORTS: Final = {443, 8443}


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask for one service of one namespace."""

    service: str
    namespace: str
    name: str


class UnansweredError(Exception):
    """No server gave an answer; the text says for what."""


class DnsRecords:
    """Asks for every service; for one without an answer, what was last told stays."""

    def __init__(self, asked: Sequence[Question], shortest_pause: float, resolver: dns.asyncresolver.Resolver) -> None:
        self._questions = asked
        self._shortest_pause = shortest_pause
        self._resolver = resolver
        self._known: dict[Question, tuple[Instance, ...]] = {}
        self._faults: tuple[str, ...] = ()
        self._latest = Latest[Snapshot](Snapshot.tells_as)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = essential(self._run(), "dns-records")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await stop(self._task)

    def snapshot(self) -> Snapshot | None:
        return self._latest.value

    def changes(self) -> AsyncGenerator[Snapshot, None]:
        return self._latest.changes()

    async def check(self) -> str | None:
        if self._latest.value is not None:
            return None
        return "; ".join(self._faults) or "the first records are being read"

    async def _run(self) -> None:
        while True:
            ttl = await self._round()
            pause = min(max(ttl, self._shortest_pause), _LONGEST_PAUSE)
            # Never before the answers are out of date: a cache would only repeat them.
            await asyncio.sleep(spread(1.25 * pause))

    async def _round(self) -> float:
        """Asks everything once; seconds until the first of the answers is out of date."""
        answers = await asyncio.gather(*(self._ask(question) for question in self._questions))
        faults = tuple(fault for _, fault in answers if fault)
        if faults and faults != self._faults:
            log.warning("the last records stay: %s", "; ".join(faults))
        self._faults = faults
        if len(self._known) == len(self._questions):
            self._latest.put(Snapshot.of(instance for found in self._known.values() for instance in found))
        return min((ttl for ttl, _ in answers), default=_LONGEST_PAUSE)

    async def _ask(self, question: Question) -> tuple[float, str | None]:
        try:
            instances, ttl = await lookup(self._resolver, question)
        except UnansweredError as error:
            return self._shortest_pause, str(error)
        self._known[question] = instances
        return ttl, None


async def lookup(resolver: dns.asyncresolver.Resolver, question: Question) -> tuple[tuple[Instance, ...], float]:
    """The instances, and for how many seconds they may be believed. Raises UnansweredError."""
    try:
        answer = await resolver.resolve(question.name, "SRV", search=False, lifetime=_ANSWER_SECONDS)
        found: list[Instance] = []
        for record in answer:
            for host in await _addresses(resolver, answer.response, record.target):
                identity = record.target.relativize(dns.name.root).labels[0].decode()
                secure = record.port in _SECURE_PORTS
                found.append(Instance(question.service, identity, host, record.port, question.namespace, secure=secure))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return (), _EMPTY_PAUSE
    except (dns.exception.DNSException, OSError) as error:
        raise UnansweredError(f"{question.name}: {type(error).__name__}") from None
    return tuple(found), float(answer.rrset.ttl if answer.rrset else _EMPTY_PAUSE)


async def _addresses(
    resolver: dns.asyncresolver.Resolver, response: dns.message.Message, target: dns.name.Name
) -> list[str]:
    """The first address of a target: as a rule the server has sent it along."""
    for record_set in response.additional:
        if record_set.name == target and record_set.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA}:
            return [record_set[0].address]
    answers = await resolver.resolve_name(target, lifetime=_ANSWER_SECONDS)
    return list(answers.addresses())[:1]


def questions(services: Sequence[str], namespaces: Sequence[str], template: str) -> list[Question]:
    """One for each service of each namespace; `template` has `{service}` and `{namespace}`."""
    return [
        Question(service, namespace, template.format_map({"service": service, "namespace": namespace}))
        for namespace in namespaces
        for service in services
    ]


def system_resolver(servers: Mapping[str, int] | None = None) -> dns.asyncresolver.Resolver:
    """A resolver that asks the pod's servers; or those given, ports by address."""
    if not servers:
        return dns.asyncresolver.Resolver()
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = list(servers)
    resolver.nameserver_ports = dict(servers)
    return resolver
