"""Whose usage is asked for, and what is told apart of it."""

from collections.abc import Collection
from typing import Literal, NamedTuple

Dimension = Literal["cache", "principal"]


class Scope(NamedTuple):
    """Whose usage is asked for.

    Attributes:
        cache_ids: Of which caches; None takes all, and what concerns none.
        meters: By which meters; None takes all.
        principal: As in `api.usage.Line`; None takes all.
        by: `cache` and `principal` tell apart what is added up without them.
    """

    account_id: str
    cache_ids: Collection[str] | None = None
    meters: Collection[str] | None = None
    principal: str | None = None
    by: Collection[Dimension] = ()

    @property
    def of_caches(self) -> bool:
        """Whether caches are told apart, or some of them are asked for."""
        return "cache" in self.by or self.cache_ids is not None

    @property
    def of_principals(self) -> bool:
        """Whether principals are told apart, or one of them is asked for."""
        return "principal" in self.by or self.principal is not None
