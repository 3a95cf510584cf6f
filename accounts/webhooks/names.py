"""Names of webhooks."""

import unicodedata

from api.errors import InvalidArgument

MAX_NAME_CHARACTERS = 128


def checked_webhook_name(text: str) -> str:
    """Return the name in `text`, trimmed.

    Raises:
        InvalidArgument: it is not 1 to 128 characters long, or holds a control character.
    """
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise InvalidArgument(f"a webhook name has 1 to {MAX_NAME_CHARACTERS} characters, not {len(name)}")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise InvalidArgument("a webhook name must not hold control characters")
    return name
