"""Our messages as the standard library's parser, and so any mail program, reads them."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import UUID

import pytest

from services.notification.mime import Mail, compose

ORDER = UUID("01a2066e-b32a-724f-a99c-6738e21b244d")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _parsed(name: str = "Ann", text: str = "Hello\n", html: str = "<p>Hello</p>\n") -> EmailMessage:
    mail = Mail(ORDER, "order_confirmed", "ann@shop.test", name, "Your order", text, html)
    raw = compose(mail, "Mercato <orders@shop.test>", TRACE, NOW)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert raw.isascii()
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def test_headers_say_who_what_when_and_which_order() -> None:
    message = _parsed()
    assert message["From"] == "Mercato <orders@shop.test>"
    assert message["To"] == "Ann <ann@shop.test>"
    assert message["Subject"] == "Your order"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == f"<{ORDER}.order_confirmed@mercato>"
    assert message["X-Mercato-Order"] == str(ORDER)
    assert message["traceparent"] == TRACE
    assert message.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    "content", ["Hello\n.\n..dots\n", "Grüße, 你好\n", "x" * 5000 + "\n", "--=_" + ORDER.hex + "\n", "a\r\nb\rc\n"]
)
def test_text_and_html_arrive_as_they_were_written(content: str) -> None:
    message = _parsed(text=content, html=content)
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        read = part.get_content()
        assert read.splitlines() == content.splitlines()


@pytest.mark.parametrize("name", ["Ann", 'A "quoted", name', "Jörg Müller", "你好", "ann@else.test", "Ö" * 200])
def test_a_name_never_changes_the_address(name: str) -> None:
    [address] = _parsed(name)["To"].addresses
    assert address.addr_spec == "ann@shop.test"
    assert address.display_name.replace(" ", "") == name.replace(" ", "")


@pytest.mark.parametrize(
    ("name", "address"),
    [("Ann\r\nBcc: eve@shop.test", "ann@shop.test"), ("Ann", "ann@shop.test\r\nBcc: eve"), ("Ann", "änn@shop.test")],
)
def test_what_cannot_stand_in_a_header_is_refused(name: str, address: str) -> None:
    mail = Mail(ORDER, "order_confirmed", address, name, "Your order", "", "")
    with pytest.raises(ValueError, match=r"has (characters|control)"):
        compose(mail, "orders@shop.test", None, NOW)
