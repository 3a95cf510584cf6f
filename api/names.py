"""Names of caches and topics, and the topic as every tier knows it."""

import unicodedata
from typing import NamedTuple

from api.errors import InvalidArgument

MAX_NAME_CHARACTERS = 255


class Topic(NamedTuple):
    """A topic of one tenant.

    `cache` is the cache's id and not its name: a cache that is deleted and created again is another cache, so its
    topics start anew and nothing of the old ones comes back. `durable` topics outlive their storage node.
    """

    account: str
    cache: str
    name: str
    durable: bool = False


def checked_cache_name(text: str) -> str:
    """Return the cache name in `text`, trimmed.

    Raises:
        InvalidArgument: it is not 1 to 255 characters long, or holds a control character.
    """
    return _checked("cache name", text)


def checked_topic_name(text: str) -> str:
    """Return the topic name in `text`, trimmed.

    Raises:
        InvalidArgument: it is not 1 to 255 characters long, or holds a control character.
    """
    return _checked("topic name", text)


def _checked(what: str, text: str) -> str:
    name = text.strip()
    if not name:
        raise InvalidArgument(f"{what} must not be empty")
    if len(name) > MAX_NAME_CHARACTERS:
        raise InvalidArgument(f"{what} must be at most {MAX_NAME_CHARACTERS} characters long, not {len(name)}")
    if not name.isprintable() and any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise InvalidArgument(f"{what} must not hold control characters")
    return name
