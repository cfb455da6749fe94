"""Metrics, from the lists in the code."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from mercato_operator import metrics as operator
from prometheus_client.metrics import MetricWrapperBase

from scripts.reference import GENERATED, cell
from services.chassis.configuration import settings
from services.chassis.observability import metrics as chassis
from services.config import metrics as config
from services.customer import metrics as customer
from services.gateway import metrics as gateway
from services.notification import metrics as notification
from services.order import metrics as order
from services.payment import metrics as payment

SERVICES = {
    "order service": order,
    "payment service": payment,
    "customer service": customer,
    "notification service": notification,
    "config service": config,
    "gateway's control plane": gateway,
}
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
    """The chassis' list under its own headings (`# -- HTTP --`), then each service's, then the operator's."""
    heading, found = "", list[MetricWrapperBase]()
    for line in Path(str(chassis.__file__)).read_text(encoding="utf-8").splitlines():
        if line.startswith("# -- "):
            if found:
                yield heading, found
            heading, found = line.strip("# -"), []
        name = line.partition(" = ")[0]
        metric = getattr(chassis, name, None) if name.isidentifier() else None
        if isinstance(metric, MetricWrapperBase):
            found.append(metric)
    yield heading, found
    yield "Settings", _of(settings)
    for service, module in SERVICES.items():
        yield f"The {service}", _of(module)
    yield "The operator", _of(operator)


def _of(module: ModuleType) -> list[MetricWrapperBase]:
    return [metric for metric in vars(module).values() if isinstance(metric, MetricWrapperBase)]


def _line(metric: MetricWrapperBase) -> str:
    family = next(iter(metric.collect()))
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = ", ".join(f"`{label}`" for label in metric._labelnames) or "-"
    return f"| `{name}` | {family.type} | {labels} | {cell(family.documentation)} |\n"
