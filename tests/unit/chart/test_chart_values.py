"""Wrong values are refused with a sentence that names them; the pages made of the values are current."""

import subprocess
import sys

import pytest
from chart_objects import ROOT, refusal


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("kafka.mode=managed", "kafka/mode"),
        ("kafka.moed=bundled", "moed"),
        ("postgres.external.port=70000", "postgres/external/port"),
        ("postgres.external.sslMode=always", "postgres/external/sslMode"),
        ("components.orders.replicas=2", "orders"),
        ("components.order.replicas=two", "components/order/replicas"),
        ("defaults.resources.limit.memory=1Gi", "limit"),
        ("images.tag=latest", "images/tag"),
        ("images.overrides.web=a:1", "web"),
        ("networkPolicy.apiServer.cidr=10.0.0.1", "networkPolicy/apiServer/cidr"),
        ("oidc.issuer=gateway", "oidc/issuer"),
        ("oidc.signingKeyGeneration=0", "oidc/signingKeyGeneration"),
        ("admin.email=admin", "admin/email"),
        ("telemetry.otlpEndpoint=collector:4318", "telemetry/otlpEndpoint"),
        ("autoscaling.mode=vpa", "autoscaling/mode"),
        ("settings.order.Deadline=1", "Deadline"),
        ("settings.orders.a=1", "orders"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(value: str, named: str) -> None:
    told = refusal("--set", value)
    assert named in told, told


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ("kafka.mode=external,kafka.existingSecret=k", "kafka.external.bootstrap is empty: give host:port"),
        ("kafka.mode=external,kafka.external.bootstrap=k:1", "kafka.existingSecret is empty: name the Secret"),
        ("postgres.mode=external", "postgres.external.host is empty: give the address"),
        (
            "postgres.mode=external,postgres.external.host=p,postgres.external.sslMode=verify-full",
            "postgres.external.caSecret is empty: name the Secret",
        ),
        ("payment.mode=stripe", "payment.existingSecret is empty: name the Secret with Stripe's"),
        ("mail.mode=external", "mail.external.host is empty: give the address"),
        ("gateway.mode=gateway-api", "gateway.gatewayApi.className is empty: name the GatewayClass"),
        ("setup.enabled=false", "admin.existingSecret is empty: name the Secret, or set setup.enabled to true"),
        ("components.order.autoscaling.minReplicas=9", "components.order.autoscaling.minReplicas is above maxReplicas"),
        ("components.order.preStopSeconds=50", "components.order.terminationGracePeriodSeconds leaves no time"),
    ],
)
def test_values_that_need_each_other_are_refused_with_the_remedy(values: str, sentence: str) -> None:
    assert sentence in refusal("--set", values)


def test_the_pages_made_of_the_values_are_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "generate-chart-readme"), "--check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}: run scripts/generate-chart-readme"
