"""Metrics of the config service."""

from prometheus_client import Gauge

BROKEN_DOCUMENTS = Gauge(
    "mercato_config_broken_documents", "Documents that cannot be read and are served as they last could be."
)
