"""Values that do not go together are refused with the remedy; the pages made of the values are current."""

import subprocess
import sys

import pytest

from tests.unit.chart.chart_objects import ROOT, refusal


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ("images.tag=latest", "images.tag is latest: give a version"),
        ("images.overrides.order=a/order:latest", "images.overrides.order is latest: give a version"),
        ("kafka.mode=external,kafka.existingSecret=k", "kafka.external.bootstrap is empty: give host:port"),
        ("kafka.mode=external,kafka.external.bootstrap=k:1", "kafka.existingSecret is empty: name the Secret"),
        ("postgres.mode=external", "postgres.external.host is empty: give the address"),
        (
            "postgres.mode=external,postgres.external.host=p,postgres.external.sslMode=verify-full",
            "postgres.external.caSecret is empty: name the Secret",
        ),
        ("payment.mode=stripe", "payment.existingSecret is empty: name the Secret with Stripe's"),
        (
            "oidc.rolesClaim=groups",
            "oidc.rolesClaim is not roles, the name in our own tokens: leave it out, or set oidc.jwksUrl",
        ),
        ("mail.mode=external", "mail.external.host is empty: give the address"),
        ("gateway.mode=gateway-api", "gateway.gatewayApi.className is empty: name the GatewayClass"),
        (
            "gateway.mode=gateway-api,gateway.gatewayApi.className=x,ingress.enabled=true",
            "ingress.enabled is true but there is no gateway of ours to lead to: set it to false",
        ),
        (
            "gateway.mode=gateway-api,gateway.gatewayApi.className=c,settings.gateway.rate_limits=false",
            "settings.gateway is given but there is no gateway of ours to read it: remove it",
        ),
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
