"""Payment commands in: one transaction a batch, rows only. The calls they ask for start once it is committed."""

from dataclasses import replace
from functools import partial
from uuid import UUID

from services.chassis.messaging.messages import Message
from services.chassis.messaging.unit import Stale, Unit
from services.payment import repository, schedule
from services.payment.backlog import Backlog
from services.payment.caller import Caller
from services.payment.messages import command_of, reply_of
from services.payment.repository import Memory, Row
from services.payment.schedule import Job
from services.payment.settings import PaymentSettings


class Handlers:
    """Handles batches of `payment.commands`."""

    def __init__(self, settings: PaymentSettings, caller: Caller, backlog: Backlog, memory: Memory) -> None:
        self._settings = settings
        self._caller = caller
        self._backlog = backlog
        self._memory = memory

    def on_commands(self, unit: Unit, messages: list[Message]) -> None:
        """Raises InvalidMessage for a message that cannot be read."""
        commands = [(*command_of(message), message) for message in messages]
        self._backlog.commands_waited(max(message.waited() for message in messages))
        loaded = repository.load(unit, [order_id for order_id, _, _ in commands], self._memory)
        rows = {order_id: stored.row for order_id, stored in loaded.items()}
        changed: dict[UUID, Row] = {}
        for order_id, command, message in commands:
            row = rows.get(order_id)
            payment, replies = command(row.payment if row else None)
            if row and payment == row.payment:
                if order_id not in changed and loaded[order_id].remembered:
                    raise Stale
                continue  # a duplicate, or too late
            payment = replace(payment, trace=message.trace)
            changed[order_id] = rows[order_id] = Row(payment, row.claim, row.due_in) if row else Row(payment)
            unit.publish(*(reply_of(payment, reply, self._backlog.wait) for reply in replies))
        jobs: list[Job] = []
        repository.save(unit, [self._start(row, jobs) for row in changed.values()], loaded, self._memory)
        unit.after_commit(partial(self._caller.start, jobs))

    def _start(self, row: Row, jobs: list[Job]) -> Row:
        if row.claim is not None:
            return row  # one call in flight per order: whoever records its answer goes on from there
        begun = row.payment.provider_id is not None
        room = self._caller.room if begun else self._caller.room_to_begin
        started, job = schedule.start(row.payment, self._settings, room=room > len(jobs))
        if job:
            jobs.append(job)
        elif started.due_in is not None:
            self._caller.found_no_room()
        return started
