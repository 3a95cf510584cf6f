"""What routers counted, as they wrote it: each batch once, whatever the way it came and however often."""

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base


class UsageBoot(Base):
    """One life of a router's process: how far its batches are applied without a gap, and the newest there is.

    `last` is the number of the batch that says that none follows. Those up to `pruned_to` were deleted for their age.
    """

    __tablename__ = "usage_boot"

    router: Mapped[str] = mapped_column(String(64), primary_key=True)
    boot: Mapped[str] = mapped_column(String(64), primary_key=True)
    applied_to: Mapped[int]
    newest: Mapped[int]
    last: Mapped[int | None]
    seen_at: Mapped[int]
    pruned_to: Mapped[int] = mapped_column(default=0, server_default="0")


class UsageBatch(Base):
    """A batch that was applied: its bytes as the router wrote them, and the minute that they were counted in.

    That is the batch's own minute, unless the router's clock was so wrong that it could not be believed.
    """

    __tablename__ = "usage_batch"

    router: Mapped[str] = mapped_column(String(64), primary_key=True)
    boot: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    minute: Mapped[int] = mapped_column(index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[int]
