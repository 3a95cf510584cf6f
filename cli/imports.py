"""Imports without looks for cycles: they make 300,000 objects that stay, which Python would look through ten times."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def imports() -> Generator[None]:
    """Look for no cycles inside, and afterwards in none of what is there then."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
