"""Each file that the documentation names exists: a page that outlives its code is found the same day."""

import re
from pathlib import Path

from tools.tree import ROOT, files

_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)(?:#[^)]*)?\)")
_QUOTED = re.compile(r"`((?:[\w.-]+/)+[\w.*-]*)`")


def problems(root: Path = ROOT) -> list[str]:
    """Return each path in a page that names nothing, as `page:line path`.

    A link is relative to its page. A path in backquotes is relative to the root, and may hold `*`.
    """
    found: list[str] = []
    tops = {path.relative_to(root).parts[0] for path in files(root)}
    for page in files(root, "*.md"):
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            named = [(page.parent, name) for name in _LINK.findall(line)]
            named += [(root, name) for name in _QUOTED.findall(line) if name.split("/")[0] in tops]
            found += [f"{page.relative_to(root)}:{number} {name}" for base, name in named if not _exists(base, name)]
    return found


def _exists(base: Path, name: str) -> bool:
    return any(base.glob(name.rstrip("/"))) if "*" in name else (base / name).exists()
