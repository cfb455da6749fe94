"""The ConfigMap with the service's settings, which the config service gives it. Pure."""

import yaml

from mercato_operator.services.model import CommerceService
from mercato_operator.services.names import CONFIG_LABEL, Object, metadata


def settings_document(service: CommerceService) -> Object | None:
    """Named as the service, so that the config service knows for whom it is; None without settings."""
    if not service.spec.config:
        return None
    text = yaml.safe_dump(service.spec.config, allow_unicode=True, sort_keys=True)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(service, more={CONFIG_LABEL: "true"}),
        "data": {"application.yaml": text},
    }
