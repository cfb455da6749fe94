"""LDS: the listeners and their one chain of filters. Nothing in it depends on a route or an endpoint."""

from typing import Final

from services.gateway.envoy import bodies, rate_limits
from services.gateway.envoy.local_replies import REPEATABLE, TRACE_NOTE, local_reply_config
from services.gateway.envoy.options import (
    COLLECTOR,
    JWT_REQUIREMENT,
    SUBJECT_HEADER,
    EnvoyOptions,
    Resource,
    duration,
    file_source,
    typed,
)
from services.gateway.envoy.routes import ROUTES_NAME, TOKEN_FILTER, routes_file
from services.gateway.envoy.tls import transport_socket

_MEBIBYTE: Final = 1024 * 1024
# Headers by which other proxies tell who the caller is, and those that steer Envoy: from a client they are forged.
_FORGED: Final = (
    SUBJECT_HEADER, REPEATABLE, bodies.CHUNKED_NOTE,
    "x-user-id", "x-user", "x-customer-id", "x-remote-user", "remote-user", "x-forwarded-user",
    "x-forwarded-email", "x-forwarded-groups", "x-forwarded-preferred-username", "x-auth-request-user",
    "x-auth-request-email", "x-auth-request-groups", "x-authenticated-user", "x-consumer-id", "x-consumer-username",
    "x-credential-identifier", "x-jwt-payload", "x-jwt-claims", "x-endpoint-api-userinfo", "x-roles",
    "x-envoy-retry-on", "x-envoy-retry-grpc-on", "x-envoy-max-retries", "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-rq-per-try-timeout-ms", "x-envoy-upstream-alt-stat-name", "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-retriable-status-codes", "x-envoy-retriable-header-names", "x-envoy-decorator-operation",
    "x-envoy-original-path", "x-envoy-original-host", "x-envoy-internal", "x-envoy-force-trace",
    "x-envoy-expected-rq-timeout-ms",
)  # fmt: skip


def listeners(options: EnvoyOptions) -> list[Resource]:
    """The `Listener` for clients, and with TLS one beside it; HTTP/1.1 and HTTP/2 on each port."""
    manager = {"name": "envoy.filters.network.http_connection_manager", "typed_config": _connection_manager(options)}
    found = [_listener("http", options.host, options.port, {"filters": [manager]})]
    if options.tls is not None:
        chain = {"filters": [manager], "transport_socket": transport_socket(options.directory)}
        found.append(_listener("https", options.host, options.tls.port, chain))
    return found


def _listener(name: str, host: str, port: int, chain: Resource) -> Resource:
    return typed(
        "config.listener.v3.Listener",
        name=name,
        address={"socket_address": {"address": host, "port_value": port}},
        per_connection_buffer_limit_bytes=_MEBIBYTE,
        filter_chains=[chain],
    )


def _connection_manager(options: EnvoyOptions) -> Resource:
    chain = _filters(options)
    # A socket's bytes have no end to wait for.
    of_bodies = {bodies.CALLER_FILTER, bodies.READING_FILTER, bodies.BUFFER_FILTER}
    streaming = [item for item in chain if item["name"] not in of_bodies]
    return typed(
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="gateway",
        codec_type="AUTO",
        rds={
            "route_config_name": ROUTES_NAME,
            "config_source": file_source(options.directory / routes_file(options)),
        },
        http_filters=chain,
        upgrade_configs=[{"upgrade_type": "websocket", "filters": streaming}],
        local_reply_config=local_reply_config(),
        early_header_mutation_extensions=[_without_forged_headers()],
        use_remote_address=True,
        xff_num_trusted_hops=options.trusted_hops,
        internal_address_config={
            "cidr_ranges": [{"address_prefix": "255.255.255.255", "prefix_len": 32}]
        },  # no client is internal: none may steer Envoy by headers
        normalize_path=True,
        proxy_100_continue=True,  # who waits for it is refused before the body is on its way
        server_name="mercato",
        request_headers_timeout="10s",
        request_timeout="60s",
        stream_idle_timeout="300s",
        drain_timeout="5s",
        common_http_protocol_options={"idle_timeout": "300s"},
        http_protocol_options={
            "accept_http_10": True,
            "default_host_for_http_10": "gateway",
            "allow_custom_methods": True,  # which then are none that a path takes: 405, not 400
        },
        http2_protocol_options={
            "max_concurrent_streams": 128,
            "initial_stream_window_size": 256 * 1024,
            "initial_connection_window_size": _MEBIBYTE,
        },
        stream_error_on_invalid_http_message=True,
        tracing=_tracing(options),
        access_log=[_access_log()],
    )


def _filters(options: EnvoyOptions) -> list[Resource]:
    """In the order a request meets them: first its body, then what may refuse it, the cheap before the dear."""
    return [
        _trace_note(),
        bodies.caller_filter(_token_check(options)),
        bodies.reading_filter(),
        bodies.buffer_filter(),
        rate_limits.empty_filter(rate_limits.ADDRESS_FILTER),
        {"name": TOKEN_FILTER, "typed_config": _token_check(options)},
        rate_limits.empty_filter(rate_limits.SUBJECT_FILTER),
        bodies.refusal_filter(),
        {
            "name": "envoy.filters.http.router",
            "typed_config": typed("extensions.filters.http.router.v3.Router", suppress_envoy_headers=True),
        },
    ]


def _trace_note() -> Resource:
    """The trace's id as a header of the request, for `x-trace-id` of what Envoy answers itself."""
    note = {"header": {"key": TRACE_NOTE, "value": "%TRACE_ID%"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    kind = "extensions.filters.http.header_mutation.v3.HeaderMutation"
    filter_config = typed(kind, mutations={"request_mutations": [{"append": note}]})
    return {"name": "envoy.filters.http.header_mutation", "typed_config": filter_config}


def _token_check(options: EnvoyOptions) -> Resource:
    """Without a key it checks nothing: Envoy takes no empty key set, and no route asks for a check then."""
    kind = "extensions.filters.http.jwt_authn.v3.JwtAuthentication"
    if options.jwks is None:
        return typed(kind)
    provider = {
        "issuer": options.issuer,
        "audiences": [options.audience],
        "require_expiration": True,
        # Case matters in a prefix here and not in a scheme (RFC 9110, 11.1), which is compared behind this check.
        "from_headers": [{"name": "Authorization", "value_prefix": " "}],
        "forward": True,  # services verify the token themselves
        "claim_to_headers": [{"header_name": SUBJECT_HEADER, "claim_name": "sub"}],
        "jwt_cache_config": {"jwt_cache_size": 10_000, "jwt_max_token_size": 4096},
        "local_jwks": {"inline_string": options.jwks},
    }
    either = [{"provider_name": "issuer"}, {"allow_missing_or_failed": {}}]
    requirements = {
        JWT_REQUIREMENT: {"provider_name": "issuer"},
        bodies.CALLER_REQUIREMENT: {"requires_any": {"requirements": either}},
    }
    return typed(kind, providers={"issuer": provider}, requirement_map=requirements)


def _without_forged_headers() -> Resource:
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": typed(
            "extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            mutations=[*({"remove": name} for name in _FORGED), bodies.chunked_note()],
        ),
    }


def _tracing(options: EnvoyOptions) -> Resource:
    """Every request has a trace id, for `x-trace-id` and the services; spans are recorded only for a collector."""
    url = options.collector.traces_url if options.collector else "http://nowhere/v1/traces"
    http = {"http_uri": {"uri": url, "cluster": COLLECTOR, "timeout": duration(1)}}
    tracer = typed(
        "config.trace.v3.OpenTelemetryConfig", service_name="gateway", http_service=http, sampler=_sampler(options)
    )
    return {
        "provider": {"name": "envoy.tracers.opentelemetry", "typed_config": tracer},
        # The sampler decides: Envoy's own percentage would overrule what the caller's traceparent says.
        "random_sampling": {"value": 100 if options.collector else 0},
        "spawn_upstream_span": False,
        # Envoy's own value of this tag has the query string, which may hold what no span may.
        "custom_tags": [{"tag": "http.url", "value": "%PATH(NQ)%"}],
    }


def _sampler(options: EnvoyOptions) -> Resource:
    """A caller's decision stands; without one, a share of the traces is recorded."""
    samplers, namespace = "envoy.tracers.opentelemetry.samplers", "extensions.tracers.opentelemetry.samplers.v3"
    share = {"numerator": round(options.sample_ratio * 1_000_000), "denominator": "MILLION"}
    ratio = typed(f"{namespace}.TraceIdRatioBasedSamplerConfig", sampling_percentage=share)
    wrapped = {"name": f"{samplers}.trace_id_ratio_based", "typed_config": ratio}
    return {
        "name": f"{samplers}.parent_based",
        "typed_config": typed(f"{namespace}.ParentBasedSamplerConfig", wrapped_sampler=wrapped),
    }


def _access_log() -> Resource:
    """One JSON object a request, on stdout; paths without their query, and no header that may hold a secret."""
    fields = {
        "time": "%START_TIME%",
        "level": "INFO",
        "logger": "gateway.access",
        "service": "gateway",
        "method": "%REQ(:METHOD)%",
        "path": "%PATH(NQ)%",
        "protocol": "%PROTOCOL%",
        "status": "%RESPONSE_CODE%",
        "reason": "%RESPONSE_CODE_DETAILS%",
        "flags": "%RESPONSE_FLAGS%",
        "route": "%ROUTE_NAME%",
        "backend": "%UPSTREAM_CLUSTER%",
        "endpoint": "%UPSTREAM_HOST%",
        "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
        "duration_ms": "%DURATION%",
        "received_bytes": "%BYTES_RECEIVED%",
        "sent_bytes": "%BYTES_SENT%",
        "address": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
        "trace_id": "%TRACE_ID%",
    }
    return {
        "name": "envoy.access_loggers.stdout",
        "typed_config": typed(
            "extensions.access_loggers.stream.v3.StdoutAccessLog", log_format={"json_format": fields}
        ),
    }
