"""Schedules of exports."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class ExportSchedule(Base):
    """An export of each day or month. The next one begins at minute `next_start` of the epoch, and is due at `due_at`.

    `rows` is how far the export has come that runs, or how far the newest came; `problem` why it failed, if it did.
    """

    __tablename__ = "export_schedule"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(String(16))
    form: Mapped[str] = mapped_column(String(16))
    granularity: Mapped[str] = mapped_column(String(16))
    every: Mapped[str] = mapped_column(String(16))
    next_start: Mapped[int]
    due_at: Mapped[int] = mapped_column(index=True)
    rows: Mapped[int] = mapped_column(default=0)
    newest: Mapped[str] = mapped_column(String(512), default="")
    newest_at: Mapped[int | None]
    problem: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
