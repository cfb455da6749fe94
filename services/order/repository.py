"""Orders in and out of PostgreSQL, set-based; never commits."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.chassis.runtime.ids import parse_id
from services.chassis.storage.database import Connection
from services.chassis.texts import words
from services.order import search
from services.order.saga import Line, Order, Payment, Reason, Status, Step
from services.order.schemas import TimelineEntryDocument

_COLUMNS = """id, customer_id, contact_name, contact_email, status, reason, version, lines, total, currency,
    expected_total, shipping_address, payment, payment_token, created_at, updated_at, deadline_at"""

# A statement of its own would cost as much again as both together: the way to the server and back is what takes time.
_WITH_TIMELINE = """
WITH entries AS (
    INSERT INTO timeline (order_id, at, event, status, detail)
    SELECT * FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[], %s::text[], %s::text[])
)
"""

_INSERT = f"""{_WITH_TIMELINE}, worded AS (INSERT INTO order_words (order_id, words) VALUES (%s, %s::tsvector))
INSERT INTO orders ({_COLUMNS}, words_rule)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""  # noqa: S608 - a constant

_UPDATE = f"""{_WITH_TIMELINE}
UPDATE orders SET status = new.status, reason = new.reason, version = new.version, lines = new.lines,
    total = new.total, payment = new.payment, payment_token = new.payment_token, updated_at = new.updated_at,
    deadline_at = new.deadline_at
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::int[], %s::jsonb[], %s::bigint[], %s::text[], %s::text[],
    %s::timestamptz[], %s::timestamptz[])
    AS new (id, status, reason, version, lines, total, payment, payment_token, updated_at, deadline_at)
WHERE orders.id = new.id
"""  # noqa: S608


# Apart, so that its index is used: left to itself, the planner takes any word for a common one, and walks through all
# orders until enough have it.
FOUND = "WITH found AS MATERIALIZED (SELECT order_id FROM order_words WHERE words @@ %s::tsquery) "


async def insert(connection: Connection, step: Step) -> None:
    """A new order with the first entry of its timeline."""
    order = step.order
    await connection.execute(
        _INSERT,
        (
            *_timeline_columns([step]),
            order.id,
            search.words_of(order.contact_name, order.contact_email),
            order.id,
            order.customer_id,
            order.contact_name,
            order.contact_email,
            order.status,
            order.reason,
            order.version,
            _lines_json(order.lines),
            order.total,
            order.currency,
            order.expected_total,
            orjson.dumps(order.shipping_address).decode(),
            order.payment,
            order.payment_token,
            order.created_at,
            order.updated_at,
            order.deadline_at,
            words.RULE,
        ),
    )


async def save(connection: Connection, steps: Sequence[Step]) -> None:
    """The steps taken, in their order: each order as its last step left it, and all of the timeline."""
    last = list({step.order.id: step.order for step in steps}.values())
    await connection.execute(
        _UPDATE,
        (
            *_timeline_columns(steps),
            [o.id for o in last],
            [o.status.value for o in last],
            [o.reason.value if o.reason else None for o in last],
            [o.version for o in last],
            [_lines_json(o.lines) for o in last],
            [o.total for o in last],
            [o.payment.value for o in last],
            [o.payment_token for o in last],
            [o.updated_at for o in last],
            [o.deadline_at for o in last],
        ),
    )


async def lock(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Order]:
    """The orders, their rows locked (in id order, so that two batches cannot deadlock)."""
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM orders WHERE id = ANY(%s) ORDER BY id FOR UPDATE",  # noqa: S608
        (sorted(set(ids)),),
    )
    return {row[0]: _order(row) for row in await cursor.fetchall()}


async def lock_due(connection: Connection, now: datetime, limit: int) -> list[Order]:
    """Orders whose deadline has passed, locked; those somebody else is working on come next time."""
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM orders WHERE deadline_at <= %s"  # noqa: S608
        " ORDER BY deadline_at LIMIT %s FOR UPDATE SKIP LOCKED",
        (now, limit),
    )
    return [_order(row) for row in await cursor.fetchall()]


async def find(connection: Connection, order_id: UUID) -> Order | None:
    cursor = await connection.execute(f"SELECT {_COLUMNS} FROM orders WHERE id = %s", (order_id,))  # noqa: S608
    row = await cursor.fetchone()
    return _order(row) if row else None


async def listed(
    connection: Connection,
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
    cursor = await connection.execute(
        f"{found}SELECT {_COLUMNS} FROM orders WHERE {where} ORDER BY id DESC LIMIT %s",  # noqa: S608 - constants above
        (*values, limit),
    )
    return [_order(row) for row in await cursor.fetchall()]


async def timeline(connection: Connection, order_id: UUID) -> list[TimelineEntryDocument]:
    """What happened to an order, oldest first."""
    cursor = await connection.execute(
        "SELECT at, event, status, detail FROM timeline WHERE order_id = %s ORDER BY id", (order_id,)
    )
    rows = await cursor.fetchall()
    return [{"at": at, "event": event, "status": status, "detail": detail} for at, event, status, detail in rows]


def _timeline_columns(steps: Sequence[Step]) -> tuple[list[Any], ...]:
    return (
        [s.order.id for s in steps],
        [s.order.updated_at for s in steps],
        [s.event for s in steps],
        [s.order.status.value for s in steps],
        [s.detail for s in steps],
    )


def _lines_json(lines: Sequence[Line]) -> str:
    return orjson.dumps([(x.product_id, x.quantity, x.sku, x.name, x.unit_price) for x in lines]).decode()


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
