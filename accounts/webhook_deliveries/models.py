"""What became of the events of webhooks."""

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base


class WebhookEvent(Base):
    """One event that is done with: delivered, dead, or dead and to be sent once more (`replaying`).

    `letter` is the event of one that is dead, encrypted with a master key. Of those that were delivered only the
    newest are kept, and nothing of what they said.
    """

    __tablename__ = "webhook_event"
    __table_args__ = (
        Index("ix_webhook_event_webhook_id_state_page_number", "webhook_id", "state", "page", "number"),
        Index("ix_webhook_event_webhook_id_page_number", "webhook_id", "page", "number"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    page: Mapped[int]
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    tries: Mapped[int]
    status: Mapped[int]
    reason: Mapped[str] = mapped_column(String(255))
    letter: Mapped[str | None] = mapped_column(Text())
    settled_at: Mapped[int]
