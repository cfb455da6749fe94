"""What Envoy starts with: where its dynamic resources are, its admin port, and the collector of spans."""

from typing import Final

from services.gateway.envoy.options import COLLECTOR, Collector, EnvoyOptions, Resource, file_source, typed
from services.gateway.scalars import MAX_PROGRAM

# The families an operator looks at; the thousands of others cost memory for each cluster and route.
_STATS: Final = [
    {"prefix": prefix}
    for prefix in ("cluster.", "http.gateway.", "listener.", "listener_manager.", "cluster_manager.", "sds.", "server.")
]


def bootstrap(options: EnvoyOptions) -> Resource:
    """The static part; a change of it needs a restart of Envoy."""
    return {
        "node": {"id": "gateway", "cluster": "mercato"},
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": options.admin_port}}},
        "dynamic_resources": {
            "lds_config": file_source(options.directory / "listeners" / "listeners.json"),
            "cds_config": file_source(options.directory / "clusters" / "clusters.json"),
        },
        "static_resources": {"clusters": [_collector_cluster(options.collector)]},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": typed(
                        "extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                        max_active_downstream_connections=20_000,
                    ),
                }
            ]
        },
        "layered_runtime": {
            "layers": [{"name": "static", "static_layer": {"re2.max_program_size.error_level": MAX_PROGRAM}}]
        },
        "stats_config": {"stats_matcher": {"inclusion_list": {"patterns": _STATS}}},
    }


def _collector_cluster(collector: Collector | None) -> Resource:
    """The tracer wants its cluster to exist; without a collector it has no endpoint, and no span is recorded."""
    cluster: Resource = {"name": COLLECTOR, "type": "STRICT_DNS", "connect_timeout": "1s"}
    endpoints = []
    if collector is not None:
        address = {"socket_address": {"address": collector.host, "port_value": collector.port}}
        endpoints.append({"lb_endpoints": [{"endpoint": {"address": address}}]})
        if collector.tls:
            context = typed("extensions.transport_sockets.tls.v3.UpstreamTlsContext", sni=collector.host)
            cluster["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": context}
    return {**cluster, "load_assignment": {"cluster_name": COLLECTOR, "endpoints": endpoints}}
