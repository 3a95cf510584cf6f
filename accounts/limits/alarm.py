"""When the owners of an account are told that a limit is nearly used up, and when again; no I/O and no clock.

They are told at 80 % and at 100 %, once a day each at most. What is used less for an hour begins anew; an account whose
use swings about a mark hears of it once.
"""

from dataclasses import dataclass, replace

NEAR, FULL = 80, 100
"""Percent of a limit at which owners are told."""

CALM = 70
CALM_SECONDS = 3600
AGAIN_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is known of one limit.

    Attributes:
        level: The mark that was passed; 0 while there is nothing to say.
        below_since: Since when less than `CALM` percent is used; None while it is more.
        told_near_at, told_full_at: When owners were told so last.
    """

    level: int = 0
    below_since: int | None = None
    told_near_at: int = 0
    told_full_at: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing worth keeping."""
        return not self.level and not self.told_near_at and not self.told_full_at


def judged(alarm: Alarm, percent: float, now: int) -> tuple[Alarm, int]:
    """Return what is known now that `percent` of the limit are used, and the mark to tell of; 0 for none."""
    level = FULL if percent >= FULL else NEAR if percent >= NEAR else 0
    if level > alarm.level:
        return _raised(replace(alarm, level=level, below_since=None), now)
    if percent >= CALM:
        return replace(alarm, below_since=None), 0
    since = now if alarm.below_since is None else alarm.below_since
    if now - since < CALM_SECONDS:
        return replace(alarm, below_since=since), 0
    return _forgotten(replace(alarm, level=0, below_since=since), now), 0


def _raised(alarm: Alarm, now: int) -> tuple[Alarm, int]:
    if alarm.level == FULL:
        told, alarm = alarm.told_full_at, replace(alarm, told_full_at=now)
    else:
        told, alarm = alarm.told_near_at, replace(alarm, told_near_at=now)
    if told and now - told < AGAIN_SECONDS:
        return (replace(alarm, told_full_at=told) if alarm.level == FULL else replace(alarm, told_near_at=told)), 0
    return alarm, alarm.level


def _forgotten(alarm: Alarm, now: int) -> Alarm:
    near = alarm.told_near_at if now - alarm.told_near_at < AGAIN_SECONDS else 0
    full = alarm.told_full_at if now - alarm.told_full_at < AGAIN_SECONDS else 0
    return replace(alarm, told_near_at=near, told_full_at=full)
