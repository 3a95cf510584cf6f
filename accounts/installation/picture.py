"""Where the parts of the installation are in its picture; no I/O. Account services left, storage nodes right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from accounts.installation.observed import Sight
from backplane.interface import Node, Process, Tier

Health = Literal["good", "signal", "bad"]

BOX_WIDTH, BOX_HEIGHT, GAP, MARGIN, TOP = 208, 56, 16, 8, 28
COLUMNS: dict[Tier, tuple[int, str]] = {
    "accounts": (MARGIN, "Account services"),
    "router": (MARGIN + 296, "Routers"),
    "storage": (MARGIN + 592, "Storage nodes"),
}
WIDTH = MARGIN * 2 + 592 + BOX_WIDTH
LONGEST_NAME = 22
LATE_SECONDS = 2.5
"""Processes say each second that they are there; one that has missed two is late."""


@dataclass(frozen=True, slots=True)
class Box:
    """One process or storage node. `state` is a line for people; `age` is how long ago it was heard of, in seconds."""

    anchor: str
    tier: Tier
    id: str
    name: str
    x: int
    y: int
    state: str
    health: Health
    process: Process | None
    node: Node | None
    age: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """A link from a box to another."""

    x1: int
    y1: int
    x2: int
    y2: int
    kind: Literal["link", "notices"]


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it, in units of the SVG."""

    width: int
    height: int
    boxes: Sequence[Box]
    lines: Sequence[Line]
    headings: Sequence[tuple[int, str]]


def picture(sight: Sight) -> Picture:
    """Return the picture of what was seen."""
    heard = {(process.tier, process.id): process for process in sight.processes}
    boxes: list[Box] = []
    for tier in COLUMNS:
        ids = {id for its, id in heard if its == tier} | (set(sight.map.nodes) if tier == "storage" else set[str]())
        boxes += [_box(sight, tier, id, row, heard.get((tier, id))) for row, id in enumerate(sorted(ids))]
    rows = max((sum(box.tier == tier for box in boxes) for tier in COLUMNS), default=0)
    height = TOP + max(1, rows) * (BOX_HEIGHT + GAP)
    headings = [(x, name) for x, name in COLUMNS.values()]
    return Picture(
        WIDTH, height, boxes, [*_lines(boxes, "accounts", "router"), *_lines(boxes, "router", "storage")], headings
    )


def _box(sight: Sight, tier: Tier, id: str, row: int, process: Process | None) -> Box:
    node = sight.map.nodes.get(id) if tier == "storage" else None
    age = None if process is None else max(0.0, sight.now - process.said_at)
    state, health = _state(tier, node, age)
    name = id if len(id) <= LONGEST_NAME else id[: LONGEST_NAME - 1] + "\N{HORIZONTAL ELLIPSIS}"
    x, y = COLUMNS[tier][0], TOP + row * (BOX_HEIGHT + GAP)
    return Box(f"{tier}-{id}", tier, id, name, x, y, state, health, process, node, age)


def _state(tier: Tier, node: Node | None, age: float | None) -> tuple[str, Health]:
    if age is None:
        return "in the map, not heard of", "signal"
    heard = f"heard {age:.1f} s ago"
    if tier == "storage" and node is None:
        return f"not in the map, {heard}", "bad"
    if node is not None and node.state == "draining":
        return f"draining, {heard}", "signal"
    return heard, "signal" if age > LATE_SECONDS else "good"


def _lines(boxes: Sequence[Box], left: Tier, right: Tier) -> Sequence[Line]:
    middle = BOX_HEIGHT // 2
    kind: Literal["link", "notices"] = "link" if left == "router" else "notices"
    return [
        Line(one.x + BOX_WIDTH, one.y + middle, other.x, other.y + middle, kind)
        for one in boxes
        if one.tier == left
        for other in boxes
        if other.tier == right and (right != "storage" or other.node is not None)
    ]
