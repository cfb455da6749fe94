"""`kubectl get csvc`: no other kind answers to the short names of ours."""

from pathlib import Path

import yaml

CRDS = Path(__file__).parents[3] / "operator" / "crds"
TAKEN = {
    "Kubernetes 1.34, core": "cs cm ep ev limits ns no pvc pv po rc quota sa svc crd crds",
    "Kubernetes 1.34, groups": "ds deploy rs sts hpa cj csr ing netpol pdb pc sc vac",
    "Strimzi": "k kt ku kc kctr kmm2 kb kr sps knp",
    "Gateway API": "gc gtw btlspolicy refgrant",
    "KEDA": "so sj ta cta",
    "Prometheus operator": "am amcfg pmon prb prom promagent promrule scfg smon thanos",
    "cert-manager": "cert certs cr crs ciss",
}


def test_short_names_are_nobody_elses() -> None:
    found = {path.stem: yaml.safe_load(path.read_text())["spec"]["names"]["shortNames"] for path in CRDS.glob("*.yaml")}
    assert found == {"commerceservice": ["csvc"], "gatewaypolicy": ["gp"], "ordertopic": ["ot"]}
    names = [name for each in found.values() for name in each]
    assert len(names) == len(set(names))
    assert not {name for each in TAKEN.values() for name in each.split()} & set(names)
