"""No file names the host of a package registry: where packages come from is each machine's own setting."""

import re
from pathlib import Path

from tools.tree import ROOT, files

_NAMES = [
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("yarnpkg", "com"),
    ("crates", "io"),
    ("proxy.golang", "org"),
]
HOSTS = re.compile("|".join(re.escape(f"{name}.{ending}") for name, ending in _NAMES), re.IGNORECASE)


def problems(root: Path = ROOT) -> list[str]:
    """Return each line that names one, as `file:line host`."""
    found: list[str] = []
    for path in files(root):
        text = path.read_bytes().decode("utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            found += [f"{path.relative_to(root)}:{number} {host}" for host in HOSTS.findall(line)]
    return found
