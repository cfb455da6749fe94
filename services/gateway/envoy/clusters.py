"""CDS and EDS: a cluster for each backend, and the endpoints that discovery says are ready."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from services.chassis.http.problems import OVERLOADED
from services.gateway.endpoints import Endpoint
from services.gateway.envoy.options import Resource, duration, file_source, typed
from services.gateway.policies import BackendPolicy


def cluster(name: str, policy: BackendPolicy, endpoints_file: Path) -> Resource:
    """A backend whose endpoints are followed in a file of their own, so that nothing else moves with them."""
    breaker, outliers = policy.circuit_breaker, policy.outlier_detection
    return typed(
        "config.cluster.v3.Cluster",
        name=name,
        type="EDS",
        eds_cluster_config={"eds_config": file_source(endpoints_file)},
        connect_timeout="1s",
        lb_policy="LEAST_REQUEST",
        ignore_health_on_host_removal=True,
        circuit_breakers={
            "thresholds": [
                {
                    "max_connections": breaker.max_connections,
                    "max_pending_requests": breaker.max_pending_requests,
                    "max_requests": breaker.max_requests,
                    "retry_budget": {
                        "budget_percent": {"value": breaker.retry_budget_percent},
                        "min_retry_concurrency": 3,
                    },
                }
            ]
        },
        outlier_detection={
            "consecutive_5xx": outliers.consecutive_errors,
            "enforcing_consecutive_5xx": 100,
            "enforcing_consecutive_gateway_failure": 0,
            "enforcing_success_rate": 0,
            "interval": "1s",
            "base_ejection_time": duration(outliers.eject_for),
            "max_ejection_percent": outliers.max_ejected_percent,
        },
        typed_extension_protocol_options={
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": typed(
                "extensions.upstreams.http.v3.HttpProtocolOptions",
                # Shorter than the services' keep-alive (75 s), or a request may meet a closing connection.
                common_http_protocol_options={"idle_timeout": "60s"},
                explicit_http_config={"http_protocol_options": {}},
                outlier_detection={"error_matcher": _SPEAKS_AGAINST_THE_ENDPOINT},
            )
        },
    )


def _answered(name: str, value: Resource) -> Resource:
    return {"http_response_headers_match": {"headers": [{"name": name, **value}]}}


# A 500 may be the request's fault, and a service that takes no more for the moment is in good health: only what a
# gateway would answer speaks against the endpoint. Failures without an answer always do.
_SPEAKS_AGAINST_THE_ENDPOINT: Final = {
    "and_match": {
        "rules": [
            _answered(":status", {"string_match": {"safe_regex": {"regex": "502|503|504"}}}),
            {"not_match": _answered(OVERLOADED, {"present_match": True})},
        ]
    }
}


def load_assignment(name: str, endpoints: Sequence[Endpoint]) -> Resource:
    """The ready endpoints of a backend; none is a valid answer, and means 503."""
    addresses = sorted((endpoint.host, endpoint.port) for endpoint in endpoints)
    return typed(
        "config.endpoint.v3.ClusterLoadAssignment",
        cluster_name=name,
        endpoints=[
            {
                "lb_endpoints": [
                    {"endpoint": {"address": {"socket_address": {"address": host, "port_value": port}}}}
                    for host, port in addresses
                ]
            }
        ],
    )
