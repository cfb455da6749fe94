"""How this platform connects to PostgreSQL, whichever driver it is."""

from typing import Any

from services.chassis.configuration.settings import ServiceSettings

# A statement or a lock that takes longer than this is a fault, not work; an idle transaction is a lost client.
OPTIONS = "-c timezone=UTC -c statement_timeout=15s -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s"
# A server whose address is gone says nothing, not even that it is gone: both ways of waiting for it end after 5 s. The
# gateway tries a request three times within its 15 s, so what is lost must be told soon.
_LOST = {
    "keepalives": 1,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 5000,
}


def database_url(settings: ServiceSettings) -> str:
    """Raises SystemExit with one line when there is none."""
    if settings.database_url is None:
        raise SystemExit(f"{settings.service}: set MERCATO_DATABASE_URL to this service's own database")
    return settings.database_url.get_secret_value()


def arguments(settings: ServiceSettings, options: str = OPTIONS) -> dict[str, Any]:
    """Of `connect`, beside the URL."""
    # A single statement needs no BEGIN and COMMIT around it; a transaction sends them where they are wanted.
    return {
        "autocommit": True,
        "options": options,
        "connect_timeout": 5,
        "application_name": settings.instance,
        **_LOST,
    }
