"""Settings of the payment service."""

from typing import ClassVar

from pydantic import Field, SecretStr

from services.chassis.configuration.settings import ServiceSettings, reloadable


class PaymentSettings(ServiceSettings):
    service: ClassVar[str] = "payment"

    stripe_api_base: str = Field("https://api.stripe.com", description="Stripe, or what speaks its API")
    stripe_api_key: SecretStr = Field(description="sk_…")
    stripe_webhook_secret: SecretStr = Field(description="whsec_…")
    provider_timeout_seconds: float = Field(5.0, gt=0, le=60, description="the longest a provider call may take")
    provider_concurrency: int = reloadable(2048, ge=1, description="provider calls at once; more wait as due rows")
    provider_brisk_concurrency: int = reloadable(
        128, ge=1, description="of these, calls not yet slow, to begin with; adapts to what the provider takes"
    )
    provider_slow_seconds: float = reloadable(1.0, gt=0, description="from then on a call is slow")
    backoff_first_seconds: float = reloadable(0.2, gt=0, description="first pause before asking again")
    backoff_longest_seconds: float = reloadable(5.0, gt=0, description="longest pause before asking again")
    poll_seconds: float = reloadable(
        1.0, gt=0, description="how often due rows are looked for that another process left"
    )

    @property
    def lease_seconds(self) -> float:
        """After this a claimed row is anyone's: its owner's call has timed out, and should have been recorded."""
        return self.provider_timeout_seconds + 2.0
