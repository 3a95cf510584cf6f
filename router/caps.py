"""Spend caps that an account has reached, as one router holds to them.

Nothing is asked for accounts without one. A publish that a cap might throttle is decided on each time; all else is
decided when the account changes.
"""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from api.account import Cap, Limits
from api.errors import PublishRateExceeded, SpendCapReached
from api.rules import Action
from router.allowance import Allowance
from router.sharing import Sharing


class Caps:
    """The caps of one account. Routers share what a throttled one lets through, as they share limits."""

    def __init__(self, sharing: Sharing, now: Callable[[], float] = time.time) -> None:
        """`now` is the time of day, by which months end."""
        self._sharing = sharing
        self._now = now
        self._caps: tuple[Cap, ...] = ()
        self._throttled: dict[str, Allowance] = {}

    def change(self, caps: tuple[Cap, ...]) -> None:
        """Hold to these from now on."""
        self._caps = caps
        throttling = {cap.id: cap for cap in caps if cap.mode == "throttle"}
        for id in self._throttled.keys() - throttling.keys():
            self._sharing.forget(self._throttled.pop(id))
        for id, cap in throttling.items():
            limits = replace(Limits(), publishes_per_second=cap.publishes_per_second)
            if id in self._throttled:
                self._throttled[id].change(_place(cap), limits)
            else:
                self._throttled[id] = self._sharing.allowance(id, _place(cap), limits)

    def __bool__(self) -> bool:
        """Whether any is reached."""
        return bool(self._caps)

    def throttles(self, cache: str, principal: str) -> bool:
        """Whether each publish to a cache, by its id, has to be decided on."""
        return any(cap.mode == "throttle" for cap in self._on(cache, principal))

    def check(self, action: Action, cache: str, principal: str) -> None:
        """Refuse what a cap does not let through; what is published takes from the throttled ones.

        Raises:
            SpendCapReached: a cap has stopped it.
            PublishRateExceeded: a cap throttles, and has let through as much as it may in this second.
        """
        for cap in self._on(cache, principal):
            if cap.mode == "stop" or (cap.mode == "stop_publishing" and action == "publish"):
                raise SpendCapReached(
                    f"operations: the {_place(cap)} is reached; it is lifted when the month ends or the cap is raised",
                    self._left(cap),
                )
            if cap.mode == "throttle" and action == "publish":
                self._take(cap)

    def _on(self, cache: str, principal: str) -> Iterable[Cap]:
        return (cap for cap in self._caps if cap.cache in {None, cache} and cap.principal in {None, principal})

    def _left(self, cap: Cap) -> int | None:
        """Return the seconds until a cap's month ends; None where that is not known, or it is over already."""
        left = 0 if cap.until is None else math.ceil(cap.until - self._now())
        return left if left > 0 else None

    def _take(self, cap: Cap) -> None:
        try:
            self._throttled[cap.id].charge(0, self._sharing.now())
        except PublishRateExceeded as reason:
            most = cap.publishes_per_second
            raise PublishRateExceeded(
                f"operations: the {_place(cap)} is reached, and lets {most} publishes a second through"
            ) from reason


def _place(cap: Cap) -> str:
    return f"spend cap '{cap.name}'"
