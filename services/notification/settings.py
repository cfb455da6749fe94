"""Settings of the notification service."""

from email.utils import parseaddr
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from services.chassis.configuration.settings import ServiceSettings, reloadable
from services.chassis.texts.text import holds_control


def _mailbox(text: str) -> str:
    address = parseaddr(text)[1]
    if "@" not in address or not address.isascii() or not address.isprintable() or holds_control(text):
        raise ValueError(
            "must be a mailbox such as `Mercato <orders@shop.example>`; "
            'a name with a comma or the like needs quotes: `"Mercato, Inc." <orders@shop.example>`'
        )
    return text


class NotificationSettings(ServiceSettings):
    """Where mail goes, and how patiently."""

    service: ClassVar[str] = "notification"

    smtp_host: str | None = Field(None, description="mail server; none: notifications count as sent without mailing")
    smtp_port: int = Field(25, ge=1, le=65535)
    smtp_connections: int = Field(4, ge=1, le=64, description="connections kept open, each one mail at a time")
    smtp_timeout: float = Field(10.0, gt=0, le=60, description="seconds to open a connection, and seconds for one mail")
    mail_from: Annotated[str, AfterValidator(_mailbox)] = reloadable("Mercato <orders@mercato.localhost>")
