"""A publish that a storage node was asked for, while nobody waits in a task for what it says."""

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from api.link import Link, Moved, Receipt
from api.usage import operations
from router.bearer import Bearer, Writable
from router.meters.meters import Meter

if TYPE_CHECKING:
    from router.router import Router

_log = logging.getLogger(__name__)


class BegunPublish:
    """What one publish is until its link has told what came of it; an `api.link.Asker`."""

    __slots__ = ("_bearer", "_begun", "_ended", "_meter", "_router", "_timeout", "_value", "_value_bytes", "_writable")

    def __init__(
        self,
        router: "Router",
        bearer: Bearer,
        writable: Writable,
        value: bytes,
        value_bytes: int,
        *,
        meter: Meter,
        timeout: float,
        ended: Callable[[Exception | None], None],
    ) -> None:
        """Publish a value, as in `Router.begin_publish`; `meter` counts it."""
        self._router = router
        self._bearer = bearer
        self._writable = writable
        self._value = value
        self._value_bytes = value_bytes
        self._meter = meter
        self._timeout = timeout
        self._ended = ended
        self._begun = time.monotonic()

    def begin(self, link: Link) -> None:
        """Ask the node. See `Link.begin` for what it raises."""
        link.begin(self._writable, self._value, self._bearer.publisher_id, self._seconds(), self)

    def stored(self) -> None:
        self._meter.add(1, self._value_bytes, operations(self._value_bytes))

    def told(self, outcome: Receipt | Exception) -> None:
        if isinstance(outcome, Moved):
            self._router.follow(self._elsewhere(outcome))
            return
        ended = self._ended
        try:
            failure = self._failure(outcome)
        except Exception as reason:  # noqa: BLE001 - the client gets a status
            failure = reason
        # The word that it is stored may come later, or be asked for: until then the link keeps this, and no more.
        self._value, self._ended = b"", _nobody_asks
        try:
            ended(failure)
        except Exception:  # noqa: BLE001 - the link is everybody's
            _log.exception("a publish could not be answered")

    def _seconds(self) -> float:
        return min(self._timeout, self._router.settings.publish_timeout_seconds)

    def _failure(self, outcome: Receipt | Exception) -> Exception | None:
        if isinstance(outcome, Exception):
            return self._router.in_time(outcome, self._timeout)
        self._router.published(self._bearer, self._writable, self._value, self._value_bytes, outcome, self._begun)
        return None

    async def _elsewhere(self, moved: Moved) -> None:
        """Ask the node that owns the topic by now."""
        outcome: Receipt | Exception
        try:
            outcome = await self._router.owners.publish_after(
                moved, self._writable, self._value, self._bearer.publisher_id, self._seconds(), self.stored
            )
        except Exception as reason:  # noqa: BLE001 - the client gets it as a status
            outcome = reason
        self.told(outcome)


def _nobody_asks(_: Exception | None) -> None: ...
