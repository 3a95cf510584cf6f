"""Whether all batches of a boot are there and as their router wrote them. Values in, values out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from accounts.batches.repository import Sealed
from api.usage import Unreadable, batch_id, decode, digest


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        what: `missing`, `altered` or `different`: a batch that is not there, one that is not what its router wrote, or
            a sum that is not that of its parts.
        where: The batch, or whose sum from when on.
        detail: A sentence.
    """

    what: str
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.what}: {self.where}: {self.detail}"


class Chain:
    """Follows the batches of one boot in the order of their numbers."""

    def __init__(self, router: str, boot: str, pruned_to: int) -> None:
        """`pruned_to` is the number up to which batches were deleted for their age."""
        self._router = router
        self._boot = boot
        self._pruned_to = pruned_to
        self._number = pruned_to
        self._digest: bytes | None = b"" if not pruned_to else None

    def follow(self, batches: Iterable[Sealed]) -> Iterator[Finding]:
        """Look at the batches that come next."""
        for batch in batches:
            yield from self._gap(batch.number)
            yield from self._altered(batch)
            self._number, self._digest = batch.number, digest(batch.payload)

    def end(self, newest: int) -> Iterator[Finding]:
        """Look whether it ends with the newest number that was ever seen."""
        yield from self._gap(newest + 1)

    def _gap(self, number: int) -> Iterator[Finding]:
        first, last = max(self._number, self._pruned_to) + 1, number - 1
        if first <= last:
            which = f"{first}" if first == last else f"{first} to {last}"
            yield Finding("missing", f"{self._router}/{self._boot}/{which}", "the batch is not there")
            self._digest = None

    def _altered(self, batch: Sealed) -> Iterator[Finding]:
        where = batch_id(self._router, self._boot, batch.number)
        if digest(batch.payload) != batch.digest:
            yield Finding("altered", where, "its bytes are not those that were received")
        try:
            said = decode(batch.payload)
        except Unreadable as reason:
            yield Finding("altered", where, str(reason))
            return
        if said.id != where:
            yield Finding("altered", where, f"its bytes are those of {said.id}")
        if self._digest is not None and said.previous != self._digest:
            yield Finding("altered", where, "the batch before it is not the one that its router wrote")
