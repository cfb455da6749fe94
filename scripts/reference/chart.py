"""The values of the chart, and who may speak to whom, as Markdown.

In values.yaml, a comment that starts with `# --` says what the value below it means.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MARK = "<!-- Written by scripts/generate-chart-readme from values.yaml and files/flows.yaml. Do not edit. -->"
LONGEST = 120
"""Characters of a default that fit a table."""
_KEY = re.compile(r"(?P<indent> *)(?P<key>[A-Za-z][\w-]*):")


@dataclass(frozen=True, slots=True)
class Value:
    """One row: the value's path, its default as one writes it, and what it means ("" where the name says it)."""

    path: str
    default: str
    meaning: str


def values(text: str) -> Iterator[Value]:
    """The documented values of a values.yaml, and the undocumented scalars and lists beside them."""
    defaults = yaml.safe_load(text)
    path: list[tuple[int, str]] = []
    meaning: list[str] = []
    covered: int | None = None
    for line in text.splitlines():
        comment = line.strip()
        if comment.startswith("# --"):
            meaning = [comment.removeprefix("# --").strip()]
        elif comment.startswith("#") and meaning:
            meaning.append(comment.removeprefix("#").strip())
        elif found := _KEY.match(line):
            indent = len(found["indent"])
            if covered is not None and indent > covered:
                continue
            covered = None
            path = [*(part for part in path if part[0] < indent), (indent, found["key"])]
            default = _at(defaults, [key for _, key in path])
            if meaning or not isinstance(default, dict) or not default:
                yield Value(".".join(key for _, key in path), _written(default), " ".join(meaning))
                covered = indent
            meaning = []
        elif not comment.startswith("#"):
            meaning = []


def _at(defaults: Any, path: list[str]) -> Any:
    for key in path:
        defaults = defaults[key]
    return defaults


def _written(default: Any) -> str:
    text = json.dumps(default, ensure_ascii=False)
    return text if len(text) <= LONGEST else "see values.yaml"


def _table(folder: Path) -> str:
    rows = [
        f"| `{value.path}` | `{value.default}` | {value.meaning.replace('|', chr(92) + '|')} |"
        for value in values((folder / "values.yaml").read_text(encoding="utf-8"))
    ]
    return "\n".join(["| value | default | meaning |", "| --- | --- | --- |", *rows])


def _flows(folder: Path) -> str:
    flows = yaml.safe_load((folder / "files" / "flows.yaml").read_text(encoding="utf-8"))["flows"]
    targets: dict[tuple[str, int], list[str]] = {}
    for flow in flows:
        only = f" (`gateway.mode: {flow['onlyWith']}`)" if "onlyWith" in flow else ""
        targets.setdefault((flow["to"], flow["port"]), []).append(flow["from"] + only)
    rows = [f"| {to} | {port} | {', '.join(sources)} |" for (to, port), sources in targets.items()]
    return "\n".join(["| pod | port | reached by |", "| --- | --- | --- |", *rows])


def readme(folder: Path) -> str:
    """The chart's README."""
    return f"""# Mercato on Kubernetes

{MARK}

An event-driven order platform: five services, their gateway, configuration and discovery, and for trying out Kafka,
PostgreSQL, a payment simulator and a mail catcher. Needs Kubernetes 1.30 or newer.

```sh
helm install mercato charts/mercato --namespace mercato --create-namespace
helm test mercato --namespace mercato          # places an order
helm uninstall mercato --namespace mercato     # keeps the volumes mercato-* and the Secrets
```

`values-production.yaml`, `values-external.yaml`, `values-strimzi.yaml` and `values-openshift.yaml` are places to start
from. A wrong value is refused with its name. How to go on: `docs/how-to/install-on-kubernetes.md`.

## Who may speak to whom

With `networkPolicy.enabled` nothing else may, but DNS for all; the API server for config, discovery, the gateway's
control plane, the operator and the setup Job; the gateway for those in `networkPolicy.gatewayFrom`; metrics for those
in `networkPolicy.metricsFrom`; and the external parts that were chosen.

{_flows(folder)}

## Values

{_table(folder)}
"""


def page(folder: Path) -> str:
    """The page of docs/reference."""
    return f"""# Values of the chart

{MARK}

Give them with `helm install --values` or `--set`. A value that is not here, or is of the wrong kind, is refused with
its name. How to install: [install on Kubernetes](../how-to/install-on-kubernetes.md).

{_table(folder)}
"""
