"""A request by HTTP/2 (RFC 9113), with headers that need no table (RFC 7541): enough to see that it is spoken."""

import asyncio
import ssl

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _WINDOW = 0, 1, 3, 4, 8
_END_HEADERS, _END_STREAM_AND_HEADERS, _END_STREAM, _ACKNOWLEDGED = 0x4, 0x5, 0x1, 0x1
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


async def body_by_http2(port: int, path: str, size: int, headers: dict[str, str]) -> int:
    """The status of a POST without TLS whose body is written to its end, as fast as the windows let it."""
    async with asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            # :method POST and :scheme http are entries of the static table.
            block = b"\x83\x86" + _literal(4, path) + _literal(1, "localhost")
            block += b"".join(_named(name, value) for name, value in headers.items())
            writer.write(_PREFACE + _frame(_SETTINGS, 0, 0, b"") + _frame(_HEADERS, _END_HEADERS, 1, block))
            windows, left = {0: 65535, 1: 65535}, size
            while True:
                while left and (part := min(left, 16384, *windows.values())) > 0:
                    left -= part
                    windows = {stream: window - part for stream, window in windows.items()}
                    writer.write(_frame(_DATA, 0 if left else _END_STREAM, 1, b" " * part))
                head = await reader.readexactly(9)
                content = await reader.readexactly(int.from_bytes(head[:3], "big"))
                kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
                if kind == _WINDOW:
                    windows[stream] += int.from_bytes(content, "big")
                elif kind == _HEADERS:
                    return _status(content)
                elif kind == _RESET:
                    raise ConnectionResetError("the stream was reset before its answer")
                elif kind == _SETTINGS and not flags & _ACKNOWLEDGED:
                    for at in range(0, len(content), 6):
                        if content[at : at + 2] == b"\0\x04":  # what a stream may send at first
                            windows[1] += int.from_bytes(content[at + 2 : at + 6], "big") - 65535
                    writer.write(_frame(_SETTINGS, _ACKNOWLEDGED, 0, b""))
        finally:
            writer.transport.abort()


def _status(block: bytes) -> int:
    """Of a block that begins with `:status`: an entry of the static table, or a literal of its name."""
    if block[0] & 0x80:
        return {8: 200, 12: 400, 13: 404, 14: 500}[block[0] & 0x7F]
    text = block[2 : 2 + (block[1] & 0x7F)]
    return int(_digits(text) if block[1] & 0x80 else text)


def _digits(text: bytes) -> str:
    """Digits have five or six bits in the static code (RFC 7541, appendix B)."""
    code = {"00000": "0", "00001": "1", "00010": "2", **{f"{25 + n:06b}": str(3 + n) for n in range(7)}}
    found, read = "", ""
    for bit in "".join(f"{byte:08b}" for byte in text):
        read += bit
        if read in code:
            found, read = found + code[read], ""
    return found


def _frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    return len(content).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + content


def _literal(name: int, value: str) -> bytes:
    return bytes([name, len(value)]) + value.encode()


def _named(name: str, value: str) -> bytes:
    """A literal with a name of its own; lengths below 127 fit a byte, longer ones go on in others."""
    return b"\0" + _text(name) + _text(value)


def _text(value: str) -> bytes:
    length, raw = len(value), value.encode()
    if length < 127:
        return bytes([length]) + raw
    rest, encoded = length - 127, [127]
    while rest >= 128:
        encoded.append(rest % 128 + 128)
        rest //= 128
    return bytes([*encoded, rest]) + raw
