"""The README of a package names all that is in it: a module that its list leaves out is found the same day."""

import re
from pathlib import Path

from tools.tree import ROOT, files, is_generated

FOLDERS_ALONE = ("accounts",)
"""Packages whose README names folders alone, each of which has the same rooms."""


def problems(root: Path = ROOT) -> list[str]:
    """Return each module and folder of a package with a README that names it nowhere, as `README path`."""
    found: list[str] = []
    for readme in files(root, "*/README.md"):
        package, text = readme.parent.relative_to(root), readme.read_text(encoding="utf-8")
        inside = [path.relative_to(readme.parent) for path in files(root, f"{package}/*.py") if not is_generated(path)]
        names = {f"{path.parts[0]}/" for path in inside if len(path.parts) > 1}
        if package.name not in FOLDERS_ALONE:
            names |= {path.name for path in inside if len(path.parts) == 1 and path.name != "__init__.py"}
        found += [f"{package}/README.md {name}" for name in sorted(names) if not _is_named(name, text)]
    return found


def _is_named(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w/.]){re.escape(name)}", text) is not None
