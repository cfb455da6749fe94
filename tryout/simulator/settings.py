"""Settings of the payment simulator."""

from typing import ClassVar

from pydantic import Field, SecretStr

from services.chassis.configuration.settings import ServiceSettings, reloadable


class SimulatorSettings(ServiceSettings):
    service: ClassVar[str] = "simulator"

    stripe_api_key: SecretStr = Field(description="the key clients must present, sk_test_…")
    stripe_webhook_secret: SecretStr = Field(description="signs webhooks, whsec_…")
    webhook_url: str | None = Field(None, description="where webhooks go; none: there are none")
    webhooks: bool = reloadable(True, description="whether new events are delivered")
    webhook_attempts: int = reloadable(8, ge=1, description="how often one webhook is tried")
    hang_seconds: float = reloadable(120.0, gt=0, description="how long an unanswered call is held open at most")
    late_seconds: float = reloadable(7.0, gt=0, description="after how long a late call arrives")
    search_lag_seconds: float = reloadable(60.0, ge=0, description="how far the search is behind the state")
    answer_delay_seconds: float = reloadable(0.0, ge=0, description="how much longer every answer takes, once booked")
    ledger_pool_size: int = Field(4, ge=1, description="database connections")
