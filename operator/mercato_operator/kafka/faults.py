"""Kafka's errors as faults of what they are about."""

from mercato_operator.kafka.backend import REFUSED, UNAVAILABLE, Fault
from mercato_operator.kafka.connection import KafkaAdminError


def fault_of(error: KafkaAdminError) -> Fault:
    """Without an answer, what is asked about may well be as declared."""
    return Fault(UNAVAILABLE if error.unavailable else REFUSED, str(error), unknown=error.unavailable)
