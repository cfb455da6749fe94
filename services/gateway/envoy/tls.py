"""TLS to clients, and SDS: where Envoy finds the certificate."""

from pathlib import Path
from typing import Final

from services.gateway.certificate import CERTIFICATE_FILE, KEY_FILE
from services.gateway.envoy.options import Resource, Tls, file_source, typed

SECRETS_FILE: Final = "secrets/certificate.json"
_SECRET: Final = "certificate"  # noqa: S105 - a name


def transport_socket(directory: Path) -> Resource:
    """TLS 1.2 and 1.3; clients choose between HTTP/2 and HTTP/1.1 by ALPN."""
    secret = {"name": _SECRET, "sds_config": file_source(directory / SECRETS_FILE)}
    context = {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"},
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_certificate_sds_secret_configs": [secret],
    }
    kind = "extensions.transport_sockets.tls.v3.DownstreamTlsContext"
    return {"name": "envoy.transport_sockets.tls", "typed_config": typed(kind, common_tls_context=context)}


def certificate(tls: Tls) -> Resource:
    """The files, not what is in them: the key stays where it is mounted, and Envoy reads what kubelet puts there."""
    return typed(
        "extensions.transport_sockets.tls.v3.Secret",
        name=_SECRET,
        tls_certificate={
            "certificate_chain": {"filename": str(tls.files / CERTIFICATE_FILE)},
            "private_key": {"filename": str(tls.files / KEY_FILE)},
            "watched_directory": {"path": str(tls.folder)},
        },
    )
