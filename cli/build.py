"""How what runs was built: decision 58 says why a part of it may be compiled."""

import sysconfig
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click

FOLDERS = ("api", "http2", "router", "storage")
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


def stale(root: Path) -> list[str]:
    """Return the modules whose sources have changed since they were compiled. Python would run what they were.

    Constants of one module that is not compiled are in those that are.
    """
    modules = {path: path.with_name(path.name.removesuffix(SUFFIX) + ".py") for path in compiled(root)}
    pairs = [(source, path) for path, source in modules.items() if source.stem != _LIBRARY]
    pairs += [(root / _INLINED, path) for path in list(modules)[:1] if (root / _INLINED).exists()]
    return sorted(
        source.relative_to(root).as_posix()
        for source, path in pairs
        if not source.exists() or source.stat().st_mtime > path.stat().st_mtime
    )


def refuse_stale(root: Path = _CHECKOUT) -> None:
    """Refuse to run a checkout with such modules. What is installed from a wheel came together.

    Raises:
        click.ClickException: there are some.
    """
    if (root / "pyproject.toml").exists() and (found := stale(root)):
        raise click.ClickException(
            f"changed since compiled: {', '.join(found)}; run `make compile`, or `make plain` for plain Python"
        )
