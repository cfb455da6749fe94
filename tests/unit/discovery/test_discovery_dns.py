"""SRV records as instances, asked of a server in this process."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from services.discovery.dns_records import DnsRecords, Question, UnansweredError, lookup, questions, system_resolver
from services.discovery.instances import Instance

NAME = "_http._tcp.order.shop.svc.cluster.local"
TARGET = "10-0-0-1.order.shop.svc.cluster.local."
ORDER = Question("order", "shop", NAME)


@dataclass
class Server(asyncio.DatagramProtocol):
    """Answers with `records`, or with `code`; along with SRV records it sends `addresses`."""

    records: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    code: dns.rcode.Rcode = dns.rcode.NOERROR
    ttl: int = 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.set_rcode(self.code)
        if self.records:
            answer.answer = [dns.rrset.from_text(query.question[0].name, self.ttl, "IN", "SRV", *self.records)]
        answer.additional = [dns.rrset.from_text(TARGET, 1, "IN", "A", one) for one in self.addresses]
        self.transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, dns.asyncresolver.Resolver]]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    yield protocol, system_resolver({"127.0.0.1": port})
    transport.close()


async def test_records_become_instances_that_live_as_long_as_their_ttl(
    server: tuple[Server, dns.asyncresolver.Resolver],
) -> None:
    fake, resolver = server
    fake.records, fake.addresses, fake.ttl = [f"0 50 8443 {TARGET}"], ["10.0.0.1"], 7
    found, ttl = await lookup(resolver, ORDER)
    assert found == (Instance("order", "10-0-0-1", "10.0.0.1", 8443, "shop", secure=True),)
    assert ttl == 7


async def test_a_service_without_ready_pods_has_no_name(server: tuple[Server, dns.asyncresolver.Resolver]) -> None:
    fake, resolver = server
    fake.code = dns.rcode.NXDOMAIN
    assert (await lookup(resolver, ORDER))[0] == ()


async def test_a_server_that_fails_is_not_an_empty_answer(server: tuple[Server, dns.asyncresolver.Resolver]) -> None:
    fake, resolver = server
    fake.code = dns.rcode.SERVFAIL
    with pytest.raises(UnansweredError):
        await lookup(resolver, ORDER)


async def test_changes_are_followed_and_the_last_records_stay_while_the_server_fails(
    server: tuple[Server, dns.asyncresolver.Resolver],
) -> None:
    fake, resolver = server
    fake.records, fake.addresses, fake.ttl = [f"0 50 8080 {TARGET}"], ["10.0.0.1"], 0
    backend = DnsRecords([ORDER], 0.1, resolver)
    assert await backend.check() is not None
    async with backend:
        snapshots = backend.changes()
        async with asyncio.timeout(10):
            assert [one.port for one in (await anext(snapshots)).instances] == [8080]
            fake.code = dns.rcode.SERVFAIL
            while not backend._faults:  # noqa: ASYNC110 - nothing there could set an event
                await asyncio.sleep(0.05)
            kept = backend.snapshot()
            assert kept is not None
            assert len(kept.instances) == 1
            fake.code, fake.records = dns.rcode.NOERROR, [f"0 50 8081 {TARGET}"]
            assert [one.port for one in (await anext(snapshots)).instances] == [8081]
        await snapshots.aclose()
    assert await backend.check() is None


def test_every_service_of_every_namespace_is_asked_for() -> None:
    asked = questions(["order", "payment"], ["shop"], "_http._tcp.{service}-instances.{namespace}.svc.cluster.local")
    assert [one.name for one in asked] == [
        "_http._tcp.order-instances.shop.svc.cluster.local",
        "_http._tcp.payment-instances.shop.svc.cluster.local",
    ]
