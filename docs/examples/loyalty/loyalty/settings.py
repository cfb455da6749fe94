"""Settings of the loyalty service."""

from typing import ClassVar

from services.chassis.configuration.settings import ServiceSettings, reloadable


class LoyaltySettings(ServiceSettings):
    """What a point costs."""

    service: ClassVar[str] = "loyalty"

    minor_units_per_point: int = reloadable(
        100, ge=1, description="minor units of the currency for one point; holds for events that come from then on"
    )
