"""Metrics, from the lists in the code."""

from collections.abc import Iterator
from pathlib import Path

from mercato_operator import metrics as operator
from prometheus_client.metrics import MetricWrapperBase

from scripts.reference import GENERATED, cell
from services.chassis.configuration import settings
from services.chassis.observability import metrics as platform
from services.config import metrics as config
from services.gateway import metrics as gateway

INTRO = f"""\
# Metrics

{GENERATED}

Every service answers `/metrics` in Prometheus' text format on its metrics port. `./mercato up` writes the port of each
process into `processes.json` in the data folder. Labels never hold ids, e-mails or tokens. Beside these there are the
Python client's own `process_…` and `python_…`, and those of Envoy on its admin port at `/stats/prometheus`.
"""


def page() -> str:
    """The page."""
    parts = [INTRO]
    for heading, found in _by_heading():
        parts.append(f"\n## {heading}\n\n| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n")
        parts += [_line(metric) for metric in found]
    return "".join(parts)


def _by_heading() -> Iterator[tuple[str, list[MetricWrapperBase]]]:
    """The platform's list under its own headings (`# -- HTTP --`), then those kept elsewhere."""
    heading, found = "", list[MetricWrapperBase]()
    for line in Path(str(platform.__file__)).read_text(encoding="utf-8").splitlines():
        if line.startswith("# -- "):
            if found:
                yield heading, found
            heading, found = line.strip("# -"), []
        name = line.partition(" = ")[0]
        metric = getattr(platform, name, None) if name.isidentifier() else None
        if isinstance(metric, MetricWrapperBase):
            found.append(metric)
    yield heading, found
    known = {id(metric) for metric in vars(platform).values()}
    modules = (settings, config, gateway)
    others = [m for module in modules for m in vars(module).values() if isinstance(m, MetricWrapperBase)]
    if kept_elsewhere := [metric for metric in others if id(metric) not in known]:
        yield "Settings, the config service and the gateway's control plane", kept_elsewhere
    yield "The operator", [metric for metric in vars(operator).values() if isinstance(metric, MetricWrapperBase)]


def _line(metric: MetricWrapperBase) -> str:
    family = next(iter(metric.collect()))
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = ", ".join(f"`{label}`" for label in metric._labelnames) or "-"
    return f"| `{name}` | {family.type} | {labels} | {cell(family.documentation)} |\n"
