"""What can be set of the product service."""

from typing import ClassVar

from pydantic import Field

from services.chassis.configuration.settings import ServiceSettings


class ProductSettings(ServiceSettings):
    service: ClassVar[str] = "product"

    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="ISO 4217 code of the installation's one currency")
