"""Environment variables of the jobs: read once, missed with one line that names them."""

import os
from collections.abc import Mapping


class MissingVariableError(Exception):
    """A variable that the job cannot do without is not set; the text names it."""


def required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise MissingVariableError(f"{name} is not set: set it and start again")
    return value


def kafka_security() -> Mapping[str, str]:
    """librdkafka's security settings, from the variables that the services know too."""
    names = {
        "security.protocol": "MERCATO_KAFKA_SECURITY_PROTOCOL",
        "sasl.mechanism": "MERCATO_KAFKA_SASL_MECHANISM",
        "sasl.username": "MERCATO_KAFKA_USERNAME",
        "sasl.password": "MERCATO_KAFKA_PASSWORD",
        "ssl.ca.location": "MERCATO_KAFKA_CA_FILE",
    }
    return {key: os.environ[name] for key, name in names.items() if os.environ.get(name)}
