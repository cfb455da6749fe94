"""One GET by HTTP/2 (RFC 9113), with headers that need no table (RFC 7541): enough to see that it is spoken."""

import asyncio
import ssl

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEADERS, _SETTINGS = 1, 4
_END_STREAM_AND_HEADERS, _ACKNOWLEDGED = 0x5, 0x1
_STATUS_200 = 0x88  # the static table's entry for `:status: 200`


async def is_ok_by_http2(port: int, path: str, trust: ssl.SSLContext) -> bool:
    """Whether the answer is 200; `trust` must offer `h2` alone. Raises TimeoutError, and ssl.SSLError without trust."""
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname="localhost")
        try:
            assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
            writer.write(_PREFACE + _frame(_SETTINGS, 0, 0, b""))
            # :method GET and :scheme https are entries of the static table, :path and :authority literals of its names.
            block = b"\x82\x87" + _literal(4, path) + _literal(1, "localhost")
            writer.write(_frame(_HEADERS, _END_STREAM_AND_HEADERS, 1, block))
            while True:
                head = await reader.readexactly(9)
                content = await reader.readexactly(int.from_bytes(head[:3], "big"))
                if head[3] == _HEADERS:
                    return content[0] == _STATUS_200
                if head[3] == _SETTINGS and not head[4] & _ACKNOWLEDGED:
                    writer.write(_frame(_SETTINGS, _ACKNOWLEDGED, 0, b""))
        finally:
            writer.transport.abort()


def _frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    return len(content).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + content


def _literal(name: int, value: str) -> bytes:
    return bytes([name, len(value)]) + value.encode()
