"""The declarative base that all tables share, and the one clock of their rows."""

import time

from sqlalchemy import BigInteger, MetaData
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints are the same in every database, so that a migration can name what it changes."""


class Base(DeclarativeBase):
    """Base of all models. Times are whole seconds of the epoch, as the wire has them."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {int: BigInteger}  # noqa: RUF012 - read by SQLAlchemy, changed by nobody


def epoch_seconds() -> int:
    """Return the present, in whole seconds of the epoch."""
    return int(time.time())
