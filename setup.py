"""Compiles the hot path to C with mypyc where TIDINGS_COMPILE=1 asks for it; all else is in pyproject.toml.

`make compile` puts the compiled modules beside their sources, in whose place Python takes them; a wheel that is built
so carries both. What it gains, and what it asks of the sources: docs/decisions/0058.
"""

import os
from typing import Any

from setuptools import setup

HOT_PATH = {
    "api": (
        *("blocks", "durations", "exchange", "frames", "framing", "grpc_asgi", "items", "link", "names"),
        *("outbox", "permissions", "topic_names", "usage"),
    ),
    "http2": (
        *("at_once", "blocks", "connection", "counts", "floods", "frames", "limits", "protocol"),
        *("reading", "refusals", "rules", "sending", "stream", "waiting", "whole"),
    ),
    "backplane": ("placement",),
    "cli": ("call_log", "direct_link"),
    "router": (
        *("allowance", "at_once", "bearer", "begun", "busy", "caps", "counts", "feed", "feeds", "log", "owners"),
        *("publishes", "pubsub", "quota", "router", "subscription", "tallies", "taps", "tenant", "writer"),
    ),
    "router/links": ("published", "remote", "watches"),
    "router/meters": ("flights", "meters", "window"),
    "storage": ("answered", "history", "node", "session"),
}
"""By its folder what each publish and each delivery goes through. Modules of a folder become one library."""


def extensions() -> list[Any]:
    """Return what is to be compiled; modules call each other without Python between them."""
    from mypyc.build import mypycify  # noqa: PLC0415 - only who compiles needs it

    libraries: list[tuple[list[str], str | None]] = [
        ([f"{folder}/{name}.py" for name in names], f"{folder.replace('/', '.')}.hot_path")
        for folder, names in HOT_PATH.items()
    ]
    sources = [source for library, _ in libraries for source in library]
    options = ["--ignore-missing-imports", "--follow-imports=silent"]  # pyright holds the types of all others
    return mypycify([*options, *sources], separate=libraries, opt_level="2", debug_level="0")


if __name__ == "__main__":
    setup(ext_modules=extensions() if os.environ.get("TIDINGS_COMPILE") == "1" else [])
