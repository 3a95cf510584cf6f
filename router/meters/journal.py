"""The batches of one boot from when they are sealed until they are known to be applied.

A batch is its window: it is encoded anew whenever it is sent, and always to the same bytes.
"""

import contextlib
import logging
import time
from collections.abc import Sequence

from api.usage import Batch, digest, encode
from backplane.interface import UsageBatch
from router.meters.flights import under_way
from router.meters.folder import WINDOW_BYTES, Folder
from router.meters.window import NO_DIGEST, Damaged, Full, Window, read, seal

RESEND_SECONDS = 30.0
"""After so long a batch that is not known to be applied is sent again."""

_log = logging.getLogger(__name__)


class Journal:
    """What one boot has counted and the account service is not known to have.

    Attributes:
        folder: Where it is kept.
        newest: The number of the batch that was sealed last; 0 before the first.
        has_ended: Whether that one says that none follows.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.newest = 0
        self.has_ended = False
        self._minute = 0
        self._digest = NO_DIGEST
        self._fresh: dict[int, bytes] = {}
        self._sent_at: dict[int, float] = {}

    def __repr__(self) -> str:
        state = "ended" if self.has_ended else "open"
        return f"<Journal of {self.folder.boot} {state}, {len(self._sent_at)} of {self.newest} not applied>"

    def __len__(self) -> int:
        return len(self._sent_at)

    @property
    def name(self) -> str:
        """What the boot is called where batches are applied."""
        return f"{self.folder.router}/{self.folder.boot}"

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be sent, and nothing will be."""
        return self.has_ended and not self._sent_at

    def seal(self, window: Window, *, last: bool = False) -> None:
        """Make a batch of a window in which nothing is counted any more.

        Raises:
            OSError: there was no room, or no file could be opened; the window is as it was, to be sealed again.
        """
        used = seal(window.memory, self._digest, last=last)
        self.folder.shorten(window.number, used)
        self._sealed(window.number)
        window.close()

    def inherit(self) -> None:
        """Take over what a dead process has left: seal what it was counting in, and say that this was the end.

        Raises:
            OSError: there is no room to say so.
        """
        has_flights = False
        numbers = self.folder.numbers()
        for number in numbers:
            try:
                contents = read(self.folder.read(number))
            except Damaged:
                self._damaged(number, is_newest=number == numbers[-1])
                continue
            self._minute = contents.minute
            has_flights = has_flights or contents.has_flights
            if contents.previous is None:
                if not contents.lines and not contents.gaps and number == numbers[-1]:
                    self.folder.remove(number)
                    continue
                with self.folder.map(number) as memory:
                    used = seal(memory, self._digest)
                self.folder.shorten(number, used)
            self._sealed(number)
            self.has_ended = contents.last
        if not has_flights and not self.has_ended:
            self._take_flights()
        if not self.has_ended:
            self.end()

    def _take_flights(self) -> None:
        """Make a batch of what was under way when the process was killed."""
        flights = [flight for data in self.folder.flights() for flight in under_way(data)]
        if not flights:
            return
        window = Window(bytearray(WINDOW_BYTES), self.newest + 1, self._minute or int(time.time()) // 60)
        for key, numbers in flights:
            with contextlib.suppress(Full):
                window.row(key).add(*numbers)
        window.mark_flights()
        used = seal(window.memory, self._digest)
        self.folder.write(window.number, bytes(window.memory)[:used])
        self._sealed(window.number)

    def end(self) -> None:
        """Say that no batch follows, in a batch without lines.

        Raises:
            OSError: there is no room for it.
        """
        self.folder.remove_flights()
        if self.newest:
            self.seal(self.folder.open_window(self.newest + 1, self._minute), last=True)
        self.has_ended = True

    def due(self, now: float, most_bytes: int) -> Sequence[UsageBatch]:
        """Return what is to be sent now, no more than so many bytes or one batch. Seconds are of a monotonic clock."""
        batches: list[UsageBatch] = []
        room = most_bytes
        for number, sent_at in self._sent_at.items():
            if now - sent_at < RESEND_SECONDS:
                continue
            payload = self._fresh.get(number) or self._payload(number)
            room -= len(payload)
            if room < 0 and batches:
                break
            batches.append(UsageBatch(f"{self.name}/{number}", payload))
        return batches

    def sent(self, batches: Sequence[UsageBatch], now: float) -> None:
        """Note that batches were sent."""
        for batch in batches:
            number = int(batch.id.rpartition("/")[2])
            self._sent_at[number] = now
            self._fresh.pop(number, None)

    def send_again(self) -> None:
        """Have everything sent again: what was sent may be lost."""
        self._sent_at = dict.fromkeys(self._sent_at, float("-inf"))

    def applied(self, number: int) -> None:
        """Forget the batches up to this number; what is done is deleted.

        The newest stays on disk until the next one is sealed, which holds its digest.
        """
        for done in [sent for sent in self._sent_at if sent <= number]:
            del self._sent_at[done]
            self._fresh.pop(done, None)
            if done != self.newest:
                self.folder.remove(done)

    def _sealed(self, number: int) -> None:
        payload = self._payload(number)
        self._digest = digest(payload)
        self._fresh[number] = payload
        self._sent_at[number] = float("-inf")
        before, self.newest = self.newest, number
        if before and before not in self._sent_at:
            with contextlib.suppress(OSError):  # one that stays is sent again at the next start, and counts once
                self.folder.remove(before)

    def _payload(self, number: int) -> bytes:
        contents = read(self.folder.read(number))
        self._minute = contents.minute
        return encode(
            Batch(
                self.folder.router,
                self.folder.boot,
                number,
                contents.previous or NO_DIGEST,
                contents.minute,
                contents.lines,
                contents.last,
                contents.gaps,
            )
        )

    def _damaged(self, number: int, *, is_newest: bool) -> None:
        if is_newest:  # a crash of the host; what this window counted had not reached the disk
            _log.error("window %s of boot %s was lost when the host crashed", number, self.folder.boot)
        else:
            _log.error("window %s of boot %s is damaged; its batch will be missing", number, self.folder.boot)
        self.folder.remove(number)
