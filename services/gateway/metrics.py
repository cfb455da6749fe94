"""Metrics of the gateway's control plane."""

from prometheus_client import Gauge

REFUSED_DOCUMENTS = Gauge(
    "mercato_gateway_refused_documents", "Routes and policies, or parts of them, that are not honoured."
)
