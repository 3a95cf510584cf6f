"""Files of the repository that pages link to, and where they are on the site.

A page links to `../deploy/envoy/envoy.yaml` so that the link works in a checkout; the site has no such file. So what is
linked to outside `docs/` becomes a page below `source/`, and so does what that page links to.
"""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from tools.tree import ROOT

DOCS = ROOT / "docs"
_LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)]*)?\))")
_PLACES = {ROOT / "README.md": "index.md", ROOT / "CHANGELOG.md": "changelog.md"}
_LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".lua": "lua", ".proto": "proto"}
_PICTURES = {".png", ".svg"}


def place(path: Path) -> str:
    """Return where a file or folder of the repository is on the site, as a path of MkDocs."""
    if path in _PLACES:
        return _PLACES[path]
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    inside = PurePosixPath("source", path.relative_to(ROOT).as_posix())
    if path.is_dir():
        return (inside / ("README.md" if (path / "README.md").exists() else "index.md")).as_posix()
    return inside.as_posix() if path.suffix in {".md", *_PICTURES} else f"{inside}.md"


def linked(page: Path) -> list[Path]:
    """Return the files and folders that a page of the repository links to."""
    return [target for _, name, _ in _LINK.findall(page.read_text(encoding="utf-8")) if (target := _target(page, name))]


def outside(pages: Iterable[Path]) -> list[Path]:
    """Return all that pages link to outside `docs/`, and what is linked to from there."""
    found: dict[Path, None] = {}
    waiting = list(pages)
    while waiting:
        for target in linked(waiting.pop()):
            told = target / "README.md" if (target / "README.md").exists() else target
            if not told.is_relative_to(DOCS) and told not in found and told != ROOT / "README.md":
                found[told] = None
                waiting += [told] if told.suffix == ".md" else []
    return list(found)


def text(path: Path) -> str:
    """Return the page of a file or folder outside `docs/`."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT).as_posix()
    if path.is_dir():
        return "\n".join([f"# {name}", "", *(f"    {each.name}" for each in sorted(path.iterdir()))])
    return f"# {name}\n\n~~~~{_LANGUAGES.get(path.suffix, 'text')}\n{path.read_text(encoding='utf-8')}\n~~~~\n"


def relinked(markdown: str, page: Path, here: str) -> str:
    """Return a page of the repository with links that hold on the site, where it is at `here`."""

    def link(found: re.Match[str]) -> str:
        target = _target(page, found[2])
        if target is None:
            return found[0]
        return found[1] + os.path.relpath(place(target), PurePosixPath(here).parent) + found[3]

    return _outside_code(markdown, lambda prose: _LINK.sub(link, prose))


def _outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """Change what is in no fenced block."""
    parts = re.split(r"(^(`{3,}|~{3,}).*?^\2$)", markdown, flags=re.MULTILINE | re.DOTALL)
    return "".join(change(part) if kind == 0 else part for kind, part in _kinds(parts))


def _kinds(parts: list[str]) -> Iterable[tuple[int, str]]:
    """Number the parts of a split by prose (0) and block (1), without the groups for fences."""
    return ((index % 3, part) for index, part in enumerate(parts) if index % 3 != 2)


def _target(page: Path, name: str) -> Path | None:
    if urlsplit(name).scheme:
        return None
    target = Path(os.path.normpath(page.parent / name))
    return target if target.exists() and target.is_relative_to(ROOT) else None
