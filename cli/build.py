"""How what runs was built: decision 58 says why a part of it may be compiled."""

import sysconfig
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click

FOLDERS = ("api", "backplane", "cli", "http2", "router", "storage")
"""Where compiled modules may stand beside their sources."""
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
_LIBRARY = "hot_path__mypyc"
_INLINED = "http2/frames.py"
_CHECKOUT = Path(__file__).parents[1]


def hot_path() -> str:
    """Return `compiled` where publishes and deliveries go through compiled modules, and else `plain`."""
    found = find_spec("http2.sending")
    return "plain" if found is None or (found.origin or "").endswith(".py") else "compiled"


def compiled(root: Path) -> Iterator[Path]:
    """Return what was compiled for this Python and stands beside its sources."""
    for folder in FOLDERS:
        yield from (root / folder).rglob(f"*{SUFFIX}")


def built_at(root: Path) -> float:
    """Return the time of the oldest of what was compiled, as that of files; 0 where nothing was."""
    return min((path.stat().st_mtime for path in compiled(root)), default=0.0)


def stale(root: Path) -> list[str]:
    """Return the modules whose sources have changed since they were compiled. Python would run what they were.

    Constants of one module that is not compiled are in those that are.
    """
    built = built_at(root)
    if not built:
        return []
    modules = [path.with_name(path.name.removesuffix(SUFFIX) + ".py") for path in compiled(root)]
    sources = [root / _INLINED, *(source for source in modules if source.stem != _LIBRARY)]
    changed = [source for source in sources if not source.exists() or source.stat().st_mtime > built]
    return sorted(source.relative_to(root).as_posix() for source in changed)


def refuse_stale(root: Path = _CHECKOUT) -> None:
    """Refuse to run a checkout with such modules. What is installed from a wheel came together.

    Raises:
        click.ClickException: there are some.
    """
    if (root / "pyproject.toml").exists() and (found := stale(root)):
        raise click.ClickException(
            f"changed since compiled: {', '.join(found)}; run `make compile`, or `make plain` for plain Python"
        )
