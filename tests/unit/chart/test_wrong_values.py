"""Each wrong value is refused by the schema, with its name and what is allowed."""

import json
from typing import Any

import pytest
import yaml

from tests.unit.chart.chart_objects import CHART, refusal

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
NAME = "does not match pattern '^([a-z0-9]([-a-z0-9]*[a-z0-9])?"
QUANTITY = "does not match pattern '^[0-9]+"
UNKNOWN = "additional properties '{}' not allowed"

WRONG = {
    "global=all": ("/global", "got string, want null or object"),
    "images.registry=a b": ("/images/registry", "does not match pattern"),
    "images.tag=a b": ("/images/tag", "does not match pattern"),
    "images.tag=12": ("/images/tag", "got number, want string"),
    "images.overrides.web=a:1": ("/images/overrides", UNKNOWN.format("web")),
    "images.overrides.order=registry.example:5000/order": ("/images/overrides/order", "does not match pattern"),
    "images.pullPolicy=Sometimes": ("/images/pullPolicy", "one of 'Always', 'IfNotPresent', 'Never'"),
    "images.pullSecrets={Registry_1}": ("/images/pullSecrets/0", "does not match pattern '^[a-z0-9]"),
    "defaults.replicas=two": ("/defaults/replicas", "got string, want integer"),
    "defaults.resources.limit.memory=1Gi": ("/defaults/resources", UNKNOWN.format("limit")),
    "defaults.resources.limits.memory=1GB": ("/defaults/resources/limits/memory", QUANTITY),
    "defaults.resources.requests.cpu=-1": ("/defaults/resources/requests/cpu", "minimum: got -1, want 0"),
    "defaults.autoscaling.minReplicas=0": ("/defaults/autoscaling/minReplicas", "minimum: got 0, want 1"),
    "defaults.autoscaling.cpu=half": ("/defaults/autoscaling/cpu", QUANTITY),
    "defaults.priorityClassName=High": ("/defaults/priorityClassName", NAME),
    "defaults.preStopSeconds=0": ("/defaults/preStopSeconds", "minimum: got 0, want 1"),
    "defaults.podLabels.team=7": ("/defaults/podLabels/team", "got number, want null or string"),
    "defaults.tolerations={gpu}": ("/defaults/tolerations/0", "got string, want object"),
    "defaults.extraEnv[0].value=x": ("/defaults/extraEnv/0", "missing property 'name'"),
    "defaults.extraVolumeMounts[0].name=x": ("/defaults/extraVolumeMounts/0", "missing property 'mountPath'"),
    "components.orders.replicas=2": ("/components", UNKNOWN.format("orders")),
    "components.order.replicas=-1": ("/components/order/replicas", "minimum: got -1, want 0"),
    "components.order.image=a:1": ("/components/order", UNKNOWN.format("image")),
    "components.kafka.resources.limits.memory=much": ("/components/kafka/resources/limits/memory", QUANTITY),
    "settings.orders.a=1": ("/settings", UNKNOWN.format("orders")),
    "settings.order.Deadline=1": ("/settings/order", UNKNOWN.format("Deadline")),
    "settings.order.a.b=1": ("/settings/order/a", "got object, want null or boolean or number or string"),
    "config.namespaces={a.b}": ("/config/namespaces/0", "does not match pattern"),
    "discovery.backend=eureka": ("/discovery/backend", "one of 'endpointslices', 'dns'"),
    "gateway.mode=envoy": ("/gateway/mode", "one of 'builtin', 'gateway-api'"),
    "gateway.source=git": ("/gateway/source", "one of 'configmap', 'files', 'kubernetes'"),
    "gateway.service.type=ExternalName": ("/gateway/service/type", "one of 'ClusterIP', 'NodePort', 'LoadBalancer'"),
    "gateway.service.annotations.a=1": ("/gateway/service/annotations/a", "got number, want null or string"),
    "gateway.tls.secretName=Bad_Name": ("/gateway/tls/secretName", NAME),
    "gateway.concurrency=0": ("/gateway/concurrency", "minimum: got 0, want 1"),
    "gateway.controlPlane.resources.requests.cpu=fast": ("/gateway/controlPlane/resources/requests/cpu", QUANTITY),
    "gateway.gatewayApi.hostname=https://shop": ("/gateway/gatewayApi/hostname", "does not match pattern"),
    "ingress.enabled=perhaps": ("/ingress/enabled", "got string, want boolean"),
    "ingress.host=shop.example.com/path": ("/ingress/host", "does not match pattern"),
    "ingress.tlsSecretName=-tls": ("/ingress/tlsSecretName", NAME),
    "oidc.issuer=gateway": ("/oidc/issuer", "does not match pattern '^https?://"),
    "oidc.audience=": ("/oidc/audience", "minLength: got 0, want 1"),
    "oidc.rolesClaim=": ("/oidc/rolesClaim", "minLength: got 0, want 1"),
    "oidc.emailClaim=": ("/oidc/emailClaim", "minLength: got 0, want 1"),
    "oidc.nameClaim=": ("/oidc/nameClaim", "minLength: got 0, want 1"),
    "oidc.jwksUrl=customer/keys": ("/oidc/jwksUrl", "does not match pattern '^(https?://"),
    "oidc.signingKeyGeneration=0": ("/oidc/signingKeyGeneration", "minimum: got 0, want 1"),
    "oidc.signingKeysSecret=Keys": ("/oidc/signingKeysSecret", NAME),
    "admin.email=admin": ("/admin/email", "does not match pattern '^[^@"),
    "admin.password=secret": ("/admin", UNKNOWN.format("password")),
    "kafka.mode=managed": ("/kafka/mode", "one of 'bundled', 'external', 'strimzi'"),
    "kafka.moed=bundled": ("/kafka", UNKNOWN.format("moed")),
    "kafka.topicReplicas=-1": ("/kafka/topicReplicas", "minimum: got -1, want 0"),
    "kafka.existingSecret=a/b": ("/kafka/existingSecret", NAME),
    "kafka.persistence.size=4 GB": ("/kafka/persistence/size", QUANTITY),
    "kafka.persistence.storageClassName=SSD": ("/kafka/persistence/storageClassName", NAME),
    "kafka.heap=384Mi": ("/kafka/heap", "does not match pattern '^[1-9][0-9]*[mg]$'"),
    "kafka.external.bootstrap=kafka.example.com": ("/kafka/external/bootstrap", "does not match pattern"),
    "kafka.external.securityProtocol=TLS": ("/kafka/external/securityProtocol", "'SASL_PLAINTEXT', 'SASL_SSL'"),
    "kafka.external.saslMechanism=GSSAPI": ("/kafka/external/saslMechanism", "'SCRAM-SHA-256', 'PLAIN'"),
    "kafka.external.username=a b": ("/kafka/external/username", "does not match pattern '^[-._A-Za-z0-9]*$'"),
    "kafka.strimzi.clusterName=my.cluster": ("/kafka/strimzi/clusterName", "does not match pattern '^[a-z]"),
    "kafka.strimzi.replicas=0": ("/kafka/strimzi/replicas", "minimum: got 0, want 1"),
    "kafka.strimzi.size=ten": ("/kafka/strimzi/size", QUANTITY),
    "postgres.mode=cnpg": ("/postgres/mode", "one of 'bundled', 'external'"),
    "postgres.external.host=db:5432": ("/postgres/external/host", "does not match pattern"),
    "postgres.external.port=70000": ("/postgres/external/port", "maximum: got 70,000, want 65,535"),
    "postgres.external.port=postgresql": ("/postgres/external/port", "got string, want integer"),
    "postgres.external.sslMode=always": ("/postgres/external/sslMode", "'verify-ca', 'verify-full'"),
    "postgres.external.adminSecret=Admin": ("/postgres/external/adminSecret", NAME),
    "payment.mode=paypal": ("/payment/mode", "one of 'simulator', 'stripe'"),
    "payment.existingSecret=Stripe": ("/payment/existingSecret", NAME),
    "mail.mode=smtp": ("/mail/mode", "one of 'bundled', 'external', 'none'"),
    "mail.external.host=smtp://mail": ("/mail/external/host", "does not match pattern"),
    "mail.external.port=0": ("/mail/external/port", "minimum: got 0, want 1"),
    "autoscaling.mode=vpa": ("/autoscaling/mode", "one of 'none', 'hpa', 'keda'"),
    "autoscaling.lagThreshold=0": ("/autoscaling/lagThreshold", "minimum: got 0, want 1"),
    "networkPolicy.enabled=1": ("/networkPolicy/enabled", "got number, want boolean"),
    "networkPolicy.gatewayFrom=all": ("/networkPolicy/gatewayFrom", "got string, want array"),
    "networkPolicy.kedaFrom={keda}": ("/networkPolicy/kedaFrom/0", "got string, want object"),
    "networkPolicy.apiServer.cidr=10.0.0.1": ("/networkPolicy/apiServer/cidr", "does not match pattern"),
    "networkPolicy.apiServer.ports={70000}": ("/networkPolicy/apiServer/ports/0", "maximum: got 70,000, want 65,535"),
    "networkPolicy.dns.ports=53": ("/networkPolicy/dns/ports", "got number, want array"),
    "networkPolicy.external.except={10.0.0.0/40}": ("/networkPolicy/external/except/0", "does not match pattern"),
    "telemetry.otlpEndpoint=collector:4318": ("/telemetry/otlpEndpoint", "does not match pattern '^(https?://"),
    "serviceMonitor.interval=often": ("/serviceMonitor/interval", "does not match pattern '^[1-9][0-9]*(ms|s|m)$'"),
    "serviceMonitor.labels.release=1": ("/serviceMonitor/labels/release", "got number, want null or string"),
    "operator.namespaces=team-a": ("/operator/namespaces", "got string, want array"),
    "kafka.external.manageUsers=maybe": ("/kafka/external/manageUsers", "got string, want boolean"),
    "defaults.restartOnConfig=1": ("/defaults/restartOnConfig", "got number, want boolean"),
    "operator.definitions=yes please": ("/operator/definitions", "got string, want boolean"),
    "setup.enabled=no thanks": ("/setup/enabled", "got string, want boolean"),
    "setup.ttlSecondsAfterFinished=-1": ("/setup/ttlSecondsAfterFinished", "minimum: got -1, want 0"),
    "toolbox.enabled=2": ("/toolbox/enabled", "got number, want boolean"),
    "toolbox.image=a:1": ("/toolbox", UNKNOWN.format("image")),
    "shop.name=x": ("", UNKNOWN.format("shop")),
}
"""`--set` → where it is refused, and words that say what is allowed."""


@pytest.mark.parametrize("value", WRONG)
def test_it_is_refused_by_its_name_with_what_is_allowed(value: str) -> None:
    where, allowed = WRONG[value]
    told = refusal("--set", value)
    lines = [line for line in told.splitlines() if f"- at '{where}': " in line]
    assert any(allowed in line for line in lines), told


@pytest.mark.parametrize(
    ("value", "one"),
    [
        ("components.orders.replicas=2", "'order', 'product'"),
        ("images.overrides.web=a:1", "'order', 'product'"),
        ("settings.orders.a=1", "'application', 'order'"),
    ],
)
def test_an_unknown_name_is_answered_with_those_there_are(value: str, one: str) -> None:
    assert f"value must be one of {one}" in refusal("--set", value)


def test_every_top_level_value_has_a_wrong_case() -> None:
    tried = {value.partition("=")[0].partition(".")[0] for value in WRONG}
    assert SCHEMA["properties"].keys() <= tried
    assert yaml.safe_load((CHART / "values.yaml").read_text()).keys() <= tried


def parts(schema: dict[str, Any]) -> list[dict[str, Any]]:
    children = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    return [schema, *(part for child in children for part in parts(child))]


def test_no_part_takes_keys_that_nobody_reads() -> None:
    """But `global`, Helm's own."""
    objects = [part for part in parts(SCHEMA) if "object" in part.get("type", ()) and "$ref" not in part]
    open_parts = [part for part in objects if "additionalProperties" not in part]
    assert open_parts == [SCHEMA["properties"]["global"]]


def test_names_that_are_listed_twice_are_the_same() -> None:
    listed = [part for part in parts(SCHEMA) if "enum" in part.get("propertyNames", {})]
    types = {name: part for name, part in SCHEMA["$defs"].items() if not name.startswith("kubernetes.")}
    closed = [part for part in parts({**SCHEMA, "$defs": types}) if part.get("additionalProperties") is False]
    assert [part for part in closed if "patternProperties" not in part][1:] == listed[1:], "all but the whole"
    for part in listed:
        assert part["propertyNames"]["enum"] == list(part["properties"])
