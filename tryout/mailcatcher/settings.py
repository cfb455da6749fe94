"""Settings of the mail catcher."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from services.chassis.configuration.settings import ServiceSettings


class MailCatcherSettings(ServiceSettings):
    """Where mail comes in, and where it is kept."""

    service: ClassVar[str] = "mailcatcher"
    uses_config_service: ClassVar[bool] = False

    smtp_port: int = Field(1025, ge=0, le=65535)
    mail_directory: Path = Field(Path("/var/lib/mercato/mail"), description="one file for each message")
