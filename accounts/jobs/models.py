"""What is known of each job, and which account service does it now."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base


class Job(Base):
    """One job. The row is its lease as well: whoever writes its name into `holder` does the work, until `held_until`.

    `started_at` to `detail` are of the run that ended last. All of them are empty before the first.
    """

    __tablename__ = "job"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    next_at: Mapped[int]
    holder: Mapped[str] = mapped_column(String(64), default="")
    held_until: Mapped[int] = mapped_column(default=0)
    began_at: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[int | None]
    took_ms: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(16), default="")
    detail: Mapped[str] = mapped_column(String(500), default="")
    runs: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
