"""All of Envoy's files, by name, in the order they must be written."""

from collections.abc import Mapping

import orjson

from services.gateway.endpoints import Apps
from services.gateway.envoy.bootstrap import bootstrap
from services.gateway.envoy.clusters import cluster, load_assignment
from services.gateway.envoy.listener import listeners
from services.gateway.envoy.options import EnvoyOptions, Resource
from services.gateway.envoy.routes import route_configuration, routes_file
from services.gateway.envoy.tls import SECRETS_FILE, certificate
from services.gateway.routes import RouteTable

ENDPOINTS_FOLDER = "endpoints"


def render(table: RouteTable, apps: Apps, options: EnvoyOptions) -> Mapping[str, bytes]:
    """What is named comes before what names it: endpoints, clusters, routes, listeners; at last the bootstrap."""
    folder = options.directory / ENDPOINTS_FOLDER
    files = {
        f"{ENDPOINTS_FOLDER}/{name}.json": _response([load_assignment(name, apps.get(name, ()))])
        for name in table.backends
    }
    clusters = [cluster(name, table.backend_policy, folder / f"{name}.json") for name in table.backends]
    files["clusters/clusters.json"] = _response(clusters)
    if options.tls is not None:
        files[SECRETS_FILE] = _response([certificate(options.tls)])
    files[routes_file(options)] = _response([route_configuration(table, options)])
    files["listeners/listeners.json"] = _response(listeners(options))
    files["bootstrap.yaml"] = _json(bootstrap(options))  # JSON is YAML
    return files


def _response(resources: list[Resource]) -> bytes:
    """A `DiscoveryResponse`, the form in which Envoy reads resources from files."""
    return _json({"resources": resources})


def _json(value: Resource) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
