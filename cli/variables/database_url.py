"""Which URLs of a database are accepted, by tiers and by commands."""

from pathlib import Path

ACCEPTED = "postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE or sqlite+aiosqlite:///PATH"

_POSTGRES = "postgresql+psycopg://"
_SQLITE = "sqlite+aiosqlite:///"


def accepted(url: str) -> str:
    """Return a URL, with the path of a file as seen from the folder that the command was started in.

    Raises:
        ValueError: it is not one of those in `ACCEPTED`.
    """
    if url.startswith(_SQLITE) and url != _SQLITE:
        return _SQLITE + str(Path(url.removeprefix(_SQLITE)).absolute())
    if not url.startswith(_POSTGRES) or url == _POSTGRES:
        raise ValueError
    return url
