"""TLS beside the plain port: the same gateway behind it, and a certificate that is renewed under way."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from cli.cluster.certificates import Authority
from tests.integration.gateway.checks import Answer, assert_problem
from tests.integration.gateway.conftest import Gateway, started
from tests.integration.gateway.http2 import is_ok_by_http2
from tests.integration.gateway.test_gateway_changes import NEW, answers
from tests.support.kubelet import mount
from tests.support.ports import free_port
from tests.support.serving import until

LIMITED = """---
apiVersion: mercato.dev/v1alpha1
kind: GatewayPolicy
metadata: {name: limited}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: new, sectionName: limited}]
  rateLimits: [{per: Address, requests: 2, interval: 1h}]
"""


@dataclass(frozen=True)
class Certificates:
    """Makes certificates of an authority of its own, and mounts them."""

    authority: Authority
    mounted: Path

    def pair(self, name: str) -> dict[str, bytes]:
        self.authority.issue(name, name, hosts=("localhost", "127.0.0.1"))
        folder = self.authority.folder
        return {f"tls.{end}": (folder / f"{name}.{end}").read_bytes() for end in ("crt", "key")}

    def trust(self, *protocols: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority.folder / "ca.crt"))
        context.set_alpn_protocols(protocols or ("http/1.1",))
        return context


@dataclass(frozen=True)
class Secure:
    gateway: Gateway
    certificates: Certificates
    port: int

    async def get(self, path: str, **options: Any) -> Answer:
        """By HTTP/1.1 over TLS."""
        url = f"https://localhost:{self.port}{path}"
        async with self.gateway.http.get(url, ssl=self.certificates.trust(), **options) as response:
            body = await response.json() if "json" in response.content_type else await response.text()
            return Answer(response.status, response.headers, body)

    async def shown(self) -> str | None:
        """The name in the certificate that a new connection is given; None where there is none."""
        trust = self.certificates.trust()
        try:
            async with asyncio.timeout(5):
                _, writer = await asyncio.open_connection("localhost", self.port, ssl=trust)
        except (OSError, TimeoutError):
            return None
        found = x509.load_der_x509_certificate(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
        writer.transport.abort()
        return found.subject.rfc4514_string().removeprefix("CN=")

    async def shows(self, name: str | None, *, within: float = 5.0) -> None:
        async def does() -> bool:
            return await self.shown() == name

        await until(does, within)

    async def readiness(self) -> Any:
        async with self.gateway.http.get(self.gateway.control_url + "/readyz") as response:
            assert response.status == 200, "the plain port goes on"
            return await response.json()

    async def tells(self, words: str) -> None:
        async def does() -> bool:
            return words in (await self.readiness()).get("tls", "")

        await until(does, 5)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(Authority.create(tmp_path / "pki"), tmp_path / "tls")


@pytest.fixture
async def secure(tmp_path: Path, certificates: Certificates) -> AsyncIterator[Secure]:
    """With the certificate `first`."""
    mount(certificates.mounted, certificates.pair("first"))
    port = free_port()
    async with started(tmp_path, envoy_tls_port=port, envoy_tls_directory=certificates.mounted) as gateway:
        running = Secure(gateway, certificates, port)
        await running.shows("first", within=10)
        yield running


async def test_it_is_the_same_gateway_by_http_1_and_2(secure: Secure, certificates: Certificates) -> None:
    assert_problem(await secure.get("/api/v1/orders"), 401, "unauthorized")
    assert_problem(await secure.get("/nothing"), 404, "not-found")
    assert (await secure.get("/openapi.json")).status == 200
    assert await is_ok_by_http2(secure.port, "/openapi.json", certificates.trust("h2"))
    assert "tls" not in await secure.readiness()
    async with secure.gateway.service("order") as (_, port):
        token = await secure.gateway.reachable(order=[port])
        answer = await secure.get("/api/v1/orders", headers={"authorization": f"Bearer {token}"})
        assert (answer.status, answer.body["headers"]["x-forwarded-proto"]) == (200, "https")


async def test_a_limit_counts_both_ports_together(secure: Secure) -> None:
    route = NEW.replace("BACKEND", "order").replace("- matches", "- name: limited\n      matches")
    (secure.gateway.folder / "new.yaml").write_text(route + LIMITED)
    async with secure.gateway.service("order") as (_, port):
        await secure.gateway.reachable(order=[port])
        await answers(secure.gateway, "/new", 200)
        assert (await secure.get("/new")).status == 200
        assert_problem(await secure.get("/new"), 429, "too-many-requests")


async def test_tls_1_1_is_refused(secure: Secure, certificates: Certificates) -> None:
    old = certificates.trust()
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        await asyncio.open_connection("localhost", secure.port, ssl=old)


async def test_a_renewal_needs_neither_a_restart_nor_the_control_plane_and_cuts_no_connection(
    secure: Secure, certificates: Certificates
) -> None:
    reader, writer = await asyncio.open_connection("localhost", secure.port, ssl=certificates.trust())

    async def status() -> bytes:
        """Of a request on the connection that was opened first."""
        async with asyncio.timeout(5):
            writer.write(b"GET /nothing HTTP/1.1\r\nhost: shop\r\n\r\n")
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
            return head.split()[1]

    assert await status() == b"404"
    await secure.gateway.parts.aclose()
    mount(certificates.mounted, certificates.pair("second"))
    await secure.shows("second")
    assert await status() == b"404"
    writer.transport.abort()


async def test_a_renewal_that_cannot_be_used_leaves_the_last_one_in_force_and_is_told(
    secure: Secure, certificates: Certificates
) -> None:
    mount(certificates.mounted, certificates.pair("second") | {"tls.key": certificates.pair("other")["tls.key"]})
    await secure.tells("tls.key is not the key of the first certificate in tls.crt; Envoy goes on with the last")
    await secure.shows("first")
    mount(certificates.mounted, certificates.pair("third"))
    await secure.shows("third")

    async def well() -> bool:
        return "tls" not in await secure.readiness()

    await until(well)


@pytest.mark.parametrize("files", [{}, {"tls.crt": b"none", "tls.key": b"none"}], ids=["missing", "unreadable"])
async def test_without_a_certificate_the_plain_port_goes_on_and_one_that_comes_is_used(
    tmp_path: Path, certificates: Certificates, files: dict[str, bytes]
) -> None:
    mount(certificates.mounted, files)
    port = free_port()
    async with started(tmp_path, envoy_tls_port=port, envoy_tls_directory=certificates.mounted) as gateway:
        secure = Secure(gateway, certificates, port)
        await secure.tells("Envoy goes on with the last one it had, or has none")
        assert await secure.shown() is None
        await answers(gateway, "/api/v1/orders", 401)
        await gateway.parts.aclose()  # Envoy needs nobody for it
        mount(certificates.mounted, certificates.pair("first"))
        await secure.shows("first")
        assert_problem(await secure.get("/api/v1/orders"), 401, "unauthorized")
