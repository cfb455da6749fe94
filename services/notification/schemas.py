"""A notification as its customer sees it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from services.notification.kinds import KINDS
from services.notification.repository import Listed


class NotificationDocument(TypedDict):
    """One message to a customer."""

    id: UUID
    order_id: UUID
    kind: Annotated[str, Field(json_schema_extra={"enum": [*KINDS.values()]})]
    subject: str
    body: Annotated[str, Field(description="Plain text; the mail has HTML beside it.")]
    sent_at: Annotated[datetime | None, Field(description="Null until the mail is sent.")]


def notification_document(listed: Listed) -> NotificationDocument:
    """The notification as the API shows it."""
    return {
        "id": listed.id,
        "order_id": listed.order_id,
        "kind": listed.kind,
        "subject": listed.subject,
        "body": listed.body,
        "sent_at": listed.sent_at,
    }
