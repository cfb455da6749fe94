"""Whatever name a door takes, a mail carries: mail programs, the mail catcher and the page of the mail read it back."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.customer.schemas import SignUp
from services.notification import render
from services.notification.messages import order_of
from services.notification.mime import Mail, compose
from tests.support.names import NAMES, ODD
from tests.support.order_events import order_data
from tryout.mailcatcher.mailbox import Entry
from tryout.mailcatcher.reading import Letter, read

ORDER = UUID("01a2066e-b32a-724f-a99c-6738e21b244d")
ADDRESS = "ann@shop.test"


def _mailed(name: str, recipient: str = ADDRESS, sender: str = "Mercato <orders@shop.test>") -> bytes:
    address = {**order_data()["shipping_address"], "name": name, "line1": name, "city": name}
    order = order_of(order_data(ORDER, contact={"name": name, "email": recipient}, shipping_address=address))
    words = render.words("order_confirmed", order)
    html = render.html("order_confirmed", order)
    mail = Mail(ORDER, "order_confirmed", recipient, name, words.subject, words.text, html)
    raw = compose(mail, sender, None, datetime(2026, 1, 2, tzinfo=UTC))
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    return raw


def _faults(name: str) -> list[str]:
    """What of a mail to somebody of this name does not read back."""
    raw = _mailed(name)
    readers = {
        "a mail program": _as_decoded(raw) == name,
        "one by the standard's grammar": _as_parsed(raw) == name.replace(" ", ""),
        "the mail catcher": _as_caught(raw) == name,
        "its text": f"Hello {name},\n" in _letter(raw).text,
        "its page": _texts(_letter(raw).html).count(name) >= 4,
        "one recipient": len(_message(raw)["To"].addresses) == 1 and not _message(raw).defects,
        "lines of headers": all(len(line) <= 76 for line in raw.partition(b"\r\nContent-Type")[0].split(b"\r\n")),
    }
    return [f"{name!r}: {reader}" for reader, right in readers.items() if not right]


def _message(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def _as_parsed(raw: bytes) -> str:
    [address] = _message(raw)["To"].addresses
    assert address.addr_spec == ADDRESS
    # The standard library leaves the blank between two encoded words, which RFC 2047 (section 6.2) takes out.
    return str(address.display_name).replace(" ", "")


def _as_decoded(raw: bytes) -> str:
    """RFC 2047's way: structure first, encoded words then."""
    phrase, address = parseaddr("".join(str(message_from_bytes(raw)["To"]).splitlines()))
    assert address == ADDRESS
    return str(make_header(decode_header(phrase)))


def _letter(raw: bytes) -> Letter:
    return read(Entry(str(ORDER), (ADDRESS,), str(ORDER), None), raw)


def _as_caught(raw: bytes) -> str:
    shown = dict(_letter(raw).headers)["To"]
    assert shown.endswith(f"<{ADDRESS}>")
    name = shown.removesuffix(f" <{ADDRESS}>")
    # A plain name stands in quotes where it must; an encoded one is shown as what it says.
    raw_value = str(message_from_bytes(raw)["To"])
    return name if raw_value.startswith("=?") else parseaddr(shown)[0]


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = [""]

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self.found.append("")

    def handle_data(self, data: str) -> None:
        self.found[-1] += data


def _texts(html: str) -> list[str]:
    parser = _Texts()
    parser.feed(html)
    parser.close()
    return parser.found


def test_every_name_is_mailed_and_read_back() -> None:
    assert [fault for name in NAMES for fault in _faults(name)] == []


@settings(deadline=None)
@given(st.text(st.characters(), min_size=1, max_size=200))
@example("=?utf-8?q?x?= =?utf-8?q?y?=")
@example('a \\ " , ; : < > @ ( ) [ ] . b')
@example("\u00e9=?= x")
@example("  =?")
def test_whatever_sign_up_takes_is_mailed_and_read_back(typed: str) -> None:
    try:
        name = SignUp.model_validate({"email": ADDRESS, "name": typed, "password": "long enough"}).name
    except ValidationError:
        return
    assert _faults(name) == []


def test_a_shops_own_name_may_be_in_any_script() -> None:
    for name in (*(name for name in ODD if not name.isascii()), "Ölkannen & Söhne", "山田　商店"):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        raw = _mailed("Ann", sender=f'"{quoted}" <orders@shop.test>')
        phrase, address = parseaddr("".join(str(message_from_bytes(raw)["From"]).splitlines()))
        assert (str(make_header(decode_header(phrase))), address) == (name, "orders@shop.test")


def test_a_sender_that_is_a_headers_value_already_stays_one() -> None:
    for sender in (
        '"Mercato, Inc." <orders@shop.test>',
        "=?utf-8?q?Caf=C3=A9?= <orders@shop.test>",
        "orders@shop.test",
    ):
        assert str(message_from_bytes(_mailed("Ann", sender=sender))["From"]) == sender


def test_a_name_that_older_versions_took_is_mailed_too() -> None:
    for name in ("a\u2028b", "a\ufffeb", "\u200b"):
        assert _as_decoded(_mailed(name)) == name


def test_somebody_without_a_name_is_greeted_without_one() -> None:
    raw = _mailed("")
    assert str(message_from_bytes(raw)["To"]) == ADDRESS
    letter = _letter(raw)
    assert letter.text.startswith("Hello,\n")
    assert "Hello," in letter.html


def test_the_catcher_shows_blanks_as_they_were_and_folds_as_one_blank(tmp_path: Path) -> None:
    raw = "Subject: a  b\r\n\tc \u3000d\r\nTo: x\r\n\r\n".encode()
    assert dict(_letter(raw).headers)["To"] == "x"
    folded = b"Subject: a\r\n  b\r\n =?utf-8?q?=E3=80=80?=\r\n =?utf-8?q?c?=\r\n\r\n"
    assert _letter(folded).subject == "a  b \u3000c"
