"""Reads a stream of server-sent events (WHATWG HTML, 9.2)."""

from collections.abc import AsyncGenerator

import aiohttp

ACCEPT = {"accept": "text/event-stream"}


def is_stream(response: aiohttp.ClientResponse) -> bool:
    return response.status == 200 and response.content_type == "text/event-stream"


async def payloads(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    """The data of each event until the connection ends; heartbeats have none. Raises what aiohttp raises.

    A line may be as long as the session's `read_bufsize` lets it; a longer one is a ValueError.
    """
    data: list[bytes] = []
    async for line in response.content:
        text = line.rstrip(b"\r\n")
        if text.startswith(b"data:"):
            data.append(text[5:].removeprefix(b" "))
        elif not text and data:  # an empty line ends an event
            yield b"\n".join(data)
            data = []
