"""Orders in and out of PostgreSQL, set-based; never commits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from services.chassis.messaging.recent import Recent
from services.chassis.messaging.unit import Unit
from services.chassis.runtime.ids import parse_id
from services.chassis.storage.database import Database
from services.chassis.texts import words
from services.order import search
from services.order.saga import Line, Order, Payment, Reason, Status, Step
from services.order.schemas import TimelineEntryDocument

_COLUMNS = """id, customer_id, contact_name, contact_email, status, reason, version, lines, total, currency,
    expected_total, shipping_address, payment, payment_token, created_at, updated_at, deadline_at"""
_FIELDS = tuple(column.strip() for column in _COLUMNS.split(","))
_STORED = f"SELECT {_COLUMNS}, xmin::text FROM orders"  # noqa: S608 - constants, here and below

_INSERT = f"""
INSERT INTO orders ({_COLUMNS}, words_rule) SELECT {_COLUMNS}, words_rule FROM json_to_recordset(%s)
AS r (id uuid, customer_id text, contact_name text, contact_email text, status text, reason text, version int,
    lines jsonb, total bigint, currency text, expected_total bigint, shipping_address jsonb, payment text,
    payment_token text, created_at timestamptz, updated_at timestamptz, deadline_at timestamptz, words_rule smallint)
"""  # noqa: S608
_INSERT_WORDS = """
INSERT INTO order_words (order_id, words) SELECT order_id, words::tsvector FROM json_to_recordset(%s)
AS r (order_id uuid, words text)
"""
_UPDATE = """
UPDATE orders SET status = new.status, reason = new.reason, version = new.version, lines = new.lines,
    total = new.total, payment = new.payment, payment_token = new.payment_token, updated_at = new.updated_at,
    deadline_at = new.deadline_at
FROM json_to_recordset(%s) AS new (id uuid, revision xid, status text, reason text, version int, lines jsonb,
    total bigint, payment text, payment_token text, updated_at timestamptz, deadline_at timestamptz)
WHERE orders.id = new.id AND orders.xmin = new.revision
"""
_TELL = """
INSERT INTO timeline (order_id, at, event, status, detail) SELECT * FROM json_to_recordset(%s)
AS r (order_id uuid, at timestamptz, event text, status text, detail text)
"""


# Apart, so that its index is used: left to itself, the planner takes any word for a common one, and walks through all
# orders until enough have it.
FOUND = "WITH found AS MATERIALIZED (SELECT order_id FROM order_words WHERE words @@ %s::tsquery) "


@dataclass(frozen=True, slots=True)
class Stored:
    """An order and the revision of its row; whether that was read just now, or is remembered."""

    order: Order
    revision: str
    remembered: bool = False


Memory = Recent[UUID, Stored]


def insert(unit: Unit, steps: Sequence[Step], memory: Memory) -> None:
    """New orders, each with the first entry of its timeline."""
    orders = [step.order for step in steps]
    unit.after_commit(partial(_remember, memory, unit, orders))
    unit.write(_INSERT, [_document(order) for order in orders])
    unit.write(
        _INSERT_WORDS,
        [{"order_id": o.id, "words": search.words_of(o.contact_name, o.contact_email)} for o in orders],
    )
    _tell(unit, steps)


def save(unit: Unit, steps: Sequence[Step], read: Mapping[UUID, Stored], memory: Memory) -> None:
    """The steps taken, in their order: each order as its last step left it, and all of the timeline."""
    last = {step.order.id: step.order for step in steps}
    changed = [
        {
            "id": order.id,
            "revision": read[order.id].revision,
            "status": order.status,
            "reason": order.reason,
            "version": order.version,
            "lines": _lines(order),
            "total": order.total,
            "payment": order.payment,
            "payment_token": order.payment_token,
            "updated_at": order.updated_at,
            "deadline_at": order.deadline_at,
        }
        for order in sorted(last.values(), key=lambda order: order.id)
    ]
    unit.write(_UPDATE, changed, expected=len(changed))
    _tell(unit, steps)
    unit.after_commit(partial(_remember, memory, unit, list(last.values())))


def _remember(memory: Memory, unit: Unit, orders: Sequence[Order]) -> None:
    memory.remember({order.id: Stored(order, unit.revision, remembered=True) for order in orders})


def _tell(unit: Unit, steps: Sequence[Step]) -> None:
    entries = [
        {
            "order_id": step.order.id,
            "at": step.order.updated_at,
            "event": step.event,
            "status": step.order.status,
            "detail": step.detail,
        }
        for step in steps
    ]
    unit.write(_TELL, entries)


def read(unit: Unit, ids: Iterable[UUID], memory: Memory | None = None) -> dict[UUID, Stored]:
    """The orders there are, or as they are remembered; a unit that locks does so in the order of their ids."""
    wanted = set(ids)
    known = {} if unit.locking or memory is None else memory.of(wanted)
    missing = sorted(wanted - known.keys())
    if missing:
        rows = unit.read(f"{_STORED} WHERE id = ANY(%s) ORDER BY id", missing, lock="FOR UPDATE")
        known |= {row[0]: Stored(_order(row[:-1]), row[-1]) for row in rows}
    return known


def read_due(unit: Unit, now: datetime, limit: int) -> list[Stored]:
    """Orders whose deadline has passed; those somebody else has locked come next time."""
    rows = unit.read(
        f"{_STORED} WHERE deadline_at <= %s ORDER BY deadline_at LIMIT %s", now, limit, lock="FOR UPDATE SKIP LOCKED"
    )
    return [Stored(_order(row[:-1]), row[-1]) for row in rows]


async def find(database: Database, ids: Sequence[UUID]) -> dict[UUID, Order]:
    rows = await database.fetch(f"SELECT {_COLUMNS} FROM orders WHERE id = ANY(%s)", (list(ids),))  # noqa: S608
    return {row[0]: _order(row) for row in rows}


async def listed(
    database: Database,
    *,
    customer_id: str | None,
    status: Status | None,
    text: str | None,
    before: UUID | None,
    limit: int,
) -> list[Order]:
    """The newest first. `text` is an order's id, or words of the contact's name or e-mail, see `search`."""
    conditions: list[str] = ["true"]
    values: list[object] = []
    found = ""
    if customer_id is not None:
        conditions.append("customer_id = %s")
        values.append(customer_id)
    if status is not None:
        conditions.append("status = %s")
        values.append(status.value)
    order_id = parse_id(text) if text is not None else None
    if order_id is not None:
        conditions.append("id = %s")
        values.append(order_id)
    elif text is not None:
        found = FOUND
        conditions.append("id = ANY(ARRAY(SELECT order_id FROM found))")
        values.insert(0, search.query_of(text))
    if before is not None:
        conditions.append("id < %s")
        values.append(str(before))
    where = " AND ".join(conditions)
    rows = await database.fetch(
        f"{found}SELECT {_COLUMNS} FROM orders WHERE {where} ORDER BY id DESC LIMIT %s",  # noqa: S608 - constants above
        (*values, limit),
    )
    return [_order(row) for row in rows]


async def timeline(database: Database, order_id: UUID) -> list[TimelineEntryDocument]:
    """What happened to an order, oldest first."""
    rows = await database.fetch(
        "SELECT at, event, status, detail FROM timeline WHERE order_id = %s ORDER BY id", (order_id,)
    )
    return [{"at": at, "event": event, "status": status, "detail": detail} for at, event, status, detail in rows]


def _document(order: Order) -> dict[str, Any]:
    return {
        **{field: getattr(order, field) for field in _FIELDS},
        "lines": _lines(order),
        "words_rule": words.RULE,
    }


def _lines(order: Order) -> list[tuple[Any, ...]]:
    return [(x.product_id, x.quantity, x.sku, x.name, x.unit_price) for x in order.lines]


def _order(row: tuple[Any, ...]) -> Order:
    (id_, customer, name, email, status, reason, version, lines, total, currency, expected, address, payment, *rest) = (
        row
    )
    token, created_at, updated_at, deadline_at = rest
    return Order(
        id=id_,
        customer_id=customer,
        contact_name=name,
        contact_email=email,
        status=Status(status),
        reason=Reason(reason) if reason else None,
        version=version,
        lines=tuple(Line(UUID(product), *others) for product, *others in lines),
        total=total,
        currency=currency,
        expected_total=expected,
        shipping_address=address,
        payment=Payment(payment),
        payment_token=token,
        created_at=created_at,
        updated_at=updated_at,
        deadline_at=deadline_at,
    )
