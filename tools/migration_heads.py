"""The migrations are one line: one first step, one last, and each other follows exactly one."""

import ast
from collections import Counter
from pathlib import Path

from tools.tree import ROOT, files


def problems(root: Path = ROOT) -> list[str]:
    """Return where the line of migrations forks, is broken, or ends twice."""
    steps: dict[str, str | None] = {}
    found: list[str] = []
    for path in files(root, "migrations/versions/*.py"):
        named = _constants(path.read_text(encoding="utf-8"))
        if "revision" in named:
            revision = str(named["revision"])
            if revision in steps:
                found.append(f"revision {revision} is taken twice")
            follows = named.get("down_revision")
            steps[revision] = None if follows is None else str(follows)
    found += [f"{step} follows {follows}, which does not exist" for step, follows in _dangling(steps)]
    found += [f"{times} migrations follow {follows}" for follows, times in _forks(steps)]
    return found


def _constants(source: str) -> dict[str, object]:
    """Return the module's assignments of literals to plain names."""
    named: dict[str, object] = {}
    for statement in ast.parse(source).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                named[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=value)):
                named[name] = value
            case _:
                pass
    return named


def _dangling(steps: dict[str, str | None]) -> list[tuple[str, str]]:
    return [(step, follows) for step, follows in steps.items() if follows is not None and follows not in steps]


def _forks(steps: dict[str, str | None]) -> list[tuple[str, int]]:
    return [(follows or "nothing", times) for follows, times in Counter(steps.values()).items() if times > 1]
