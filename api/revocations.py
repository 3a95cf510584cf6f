"""Which disposable tokens were revoked: by the id that was chosen for them, or by how it begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Revocations:
    """Revoked ids and prefixes, each with the epoch second that a token must not have been made before.

    A list that is as long as it may be costs no more to ask than a short one.
    """

    ids: Mapping[str, int] = field(default_factory=dict[str, int])
    prefixes: Mapping[str, int] = field(default_factory=dict[str, int])

    def until(self, token_id: str) -> int:
        """Return the epoch second from which on tokens with this id hold again; 0 where none was revoked."""
        until = self.ids.get(token_id, 0)
        if self.prefixes:
            until = max(until, *(self.prefixes.get(token_id[:size], 0) for size in range(len(token_id) + 1)))
        return until
