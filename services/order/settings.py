"""Settings of the order service."""

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from services.chassis.configuration.settings import ServiceSettings, reloadable
from services.order.saga import Policy


class OrderSettings(ServiceSettings):
    service: ClassVar[str] = "order"

    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="the installation's one currency, ISO 4217")
    authorization_deadline_seconds: float = reloadable(20.0, gt=0, description="from RESERVED to payment_timeout")
    order_deadline_seconds: float = reloadable(60.0, gt=0, description="from creation to expired")

    @property
    def policy(self) -> Policy:
        """The deadlines as they are now."""
        return Policy(
            timedelta(seconds=self.authorization_deadline_seconds), timedelta(seconds=self.order_deadline_seconds)
        )
