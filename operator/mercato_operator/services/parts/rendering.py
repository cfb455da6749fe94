"""All that a CommerceService becomes in the API server, its Secrets left aside. Pure."""

from collections.abc import Mapping

from mercato_operator.services.model import CommerceService
from mercato_operator.services.names import Object, database_secret, kafka_secret
from mercato_operator.services.parts.access import account, service
from mercato_operator.services.parts.availability import autoscaler, disruption_budget
from mercato_operator.services.parts.deployment import deployment
from mercato_operator.services.parts.documents import settings_document
from mercato_operator.services.parts.monitor import service_monitor
from mercato_operator.services.parts.network import network_policy
from mercato_operator.services.parts.routing import route
from mercato_operator.settings import OperatorSettings


def children(
    owner: CommerceService, settings: OperatorSettings, credentials: Mapping[str, str], *, routed: bool
) -> list[Object]:
    """In the order in which they are put in place. `routed`: its path is nobody else's."""
    found = [
        account(owner),
        settings_document(owner),
        service(owner),
        network_policy(owner, settings),
        disruption_budget(owner),
        deployment(owner, settings, credentials),
        autoscaler(owner),
        service_monitor(owner, settings),
        route(owner, settings) if routed else None,
    ]
    return [each for each in found if each is not None]


def secret_names(owner: CommerceService, settings: OperatorSettings) -> list[str]:
    """Names of the Secrets with its passwords."""
    names = []
    if owner.spec.database.enabled:
        names.append(database_secret(owner))
    if owner.messages and settings.kafka_users:
        names.append(kafka_secret(owner))
    return names
