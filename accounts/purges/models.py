"""What is still to be removed elsewhere."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class Purge(Base):
    """A deleted cache whose topics are to be removed; or, with an empty `cache_id`, an account that nobody may know."""

    __tablename__ = "purge"

    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    cache_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    deleted_at: Mapped[int] = mapped_column(default=epoch_seconds)
    passes: Mapped[int] = mapped_column(default=0)
