"""How long loads last: some seconds in every run, `TIDINGS_LOAD_SECONDS=60` for the figures of a machine of its own.

What depends on the machine's speed is demanded of the long form alone; what is exact, or is memory, of each.
"""

import os

SECONDS = float(os.environ.get("TIDINGS_LOAD_SECONDS", "3"))
IS_LONG = SECONDS >= 60


def told(what: str) -> None:
    """Print a figure, for those who run the long form with `-s`."""
    print(what)  # noqa: T201
