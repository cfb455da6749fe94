"""Readiness probes. Each answers None or a reason, within TIMEOUT seconds."""

import asyncio

from cli.supervisor.spec import Probe

TIMEOUT = 3.0


def http(port: int, path: str, *, host: str = "127.0.0.1", expect: int = 200) -> Probe:
    """Ready when GET `path` answers with status `expect`."""

    async def probe() -> str | None:
        try:
            status, body = await asyncio.wait_for(get(host, port, path), TIMEOUT)
        except TimeoutError:
            return f"no answer to GET {path} in {TIMEOUT:.0f} s"
        except (OSError, ValueError) as error:
            return f"not listening on port {port} ({error})"
        return None if status == expect else f"GET {path} answers {status}: {body[:200]}"

    return probe


async def get(host: str, port: int, path: str) -> tuple[int, str]:
    """The status and body of a plain HTTP/1.1 GET; a library would cost its import at every start."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = (await reader.read(64 * 1024)).decode(errors="replace")
    finally:
        writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    words = head.split(" ", 2)
    if len(words) < 2 or not words[1].isdigit():
        raise ValueError("no HTTP answer")
    return int(words[1]), body.strip()


async def until_ready(probe: Probe, within: float, *, every: float = 0.1) -> str | None:
    """Ask until ready or `within` seconds have passed; the last reason then."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        reason = await probe()
        if reason is None or loop.time() > deadline:
            return reason
        await asyncio.sleep(every)
