"""The size budget: how long files and functions may be, over the whole tree and each alone.

A budget on the median keeps most files small; a budget on the largest keeps any from becoming the place for everything.
"""

import ast
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tools.tree import ROOT, files, is_generated


class Sized(NamedTuple):
    """A file or a function, and its lines."""

    name: str
    lines: int


class Budget(NamedTuple):
    """Lines that half, nine tenths and all of the things may have at most."""

    what: str
    median: int
    most: int
    largest: int


FILES = Budget("files", 130, 400, 500)
FUNCTIONS = Budget("functions", 30, 30, 60)


def problems(root: Path = ROOT) -> list[str]:
    """Print the figures of the tree and return what is over the budget."""
    paths = [path for path in files(root, "*.py") if not is_generated(path)]
    sized_files: list[Sized] = []
    sized_functions: list[Sized] = []
    for path in paths:
        source = path.read_text(encoding="utf-8")
        name = path.relative_to(root).as_posix()
        sized_files.append(Sized(name, len(source.splitlines())))
        sized_functions += functions(name, source)
    return [*over(FILES, sized_files), *over(FUNCTIONS, sized_functions)]


def functions(name: str, source: str) -> Iterable[Sized]:
    """Yield each function of a module with its lines, from `def` to its last one; decorators are not counted."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Sized(f"{name}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)


def over(budget: Budget, things: Sequence[Sized]) -> list[str]:
    """Print the figures of `things` and return what is over the budget."""
    if not things:
        return []
    lines = sorted(thing.lines for thing in things)
    median, most, largest = _percentile(lines, 50), _percentile(lines, 90), lines[-1]
    print(
        f"  {len(lines)} {budget.what}: median {median} (at most {budget.median}),"
        f" 90 % within {most} (at most {budget.most}), longest {largest} (at most {budget.largest})",
    )
    found = [f"{name} has {count} lines" for name, count in things if count > budget.largest]
    if median > budget.median:
        found.append(f"half of the {budget.what} have {median} lines or more")
    if most > budget.most:
        found.append(f"a tenth of the {budget.what} have {most} lines or more")
    return found


def _percentile(ordered: Sequence[int], percent: int) -> int:
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]
