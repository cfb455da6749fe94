import pytest
from pydantic import ValidationError

from services.notification.settings import NotificationSettings


@pytest.mark.parametrize(
    "sender",
    [
        "orders@shop.example",
        "Mercato <orders@shop.example>",
        "Ölkannen & Söhne <orders@shop.example>",
        "山田\u3000商店 <orders@shop.example>",
        '"Mercato, Inc." <orders@shop.example>',
        "=?utf-8?q?Caf=C3=A9?= <orders@shop.example>",
        "Mercato <orders@[10.0.0.1]>",
    ],
)
def test_a_sender_may_be_called_anything(sender: str) -> None:
    assert NotificationSettings(mail_from=sender).mail_from == sender


@pytest.mark.parametrize(
    "sender",
    ["", "Mercato", "Mercato, Inc. <orders@shop.example>", "örders@shop.example", "a@b.example\r\nBcc: eve@x.example"],
)
def test_what_is_no_mailbox_is_refused_with_an_example(sender: str) -> None:
    with pytest.raises(ValidationError, match="must be a mailbox such as"):
        NotificationSettings(mail_from=sender)
