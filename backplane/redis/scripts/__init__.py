"""The Lua scripts: each of them is one change of the store that nobody sees half done."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Script:
    """A script, and the digest by which a server that has seen it knows it."""

    name: str
    text: str
    digest: str


def load(*names: str) -> Script:
    """Return the script of the last name; the ones before it are put before its text."""
    text = "\n".join(files(__name__).joinpath(f"{name}.lua").read_text(encoding="utf-8") for name in names)
    return Script(names[-1], text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())
