"""Webhook endpoints of accounts, and the events that go to them."""

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class WebhookEndpoint(Base):
    """Where an account is told of events. `secret` is encrypted with a master key; `events` has commas between them.

    It outlives its account until all is told that there is to tell: the last invoice is made when that is deleted.
    """

    __tablename__ = "webhook_endpoint"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    url: Mapped[str] = mapped_column(String(2048))
    secret: Mapped[str] = mapped_column(Text())
    events: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)


class WebhookDelivery(Base):
    """One event for one endpoint: waiting, delivered or failed. `status` and `reason` are of the last try."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("ix_webhook_delivery_state_next_at", "state", "next_at"),
        Index("ix_webhook_delivery_endpoint_id_created_at", "endpoint_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text())
    state: Mapped[str] = mapped_column(String(16))
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[int]
    status: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
