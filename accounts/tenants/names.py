"""Names of accounts."""

from api.errors import InvalidArgument

LONGEST_ACCOUNT_NAME = 255


def checked_account_name(name: str) -> str:
    """Return the account's name, trimmed.

    Raises:
        InvalidArgument: it is empty, too long or not printable.
    """
    trimmed = name.strip()
    if not 0 < len(trimmed) <= LONGEST_ACCOUNT_NAME or not trimmed.isprintable():
        raise InvalidArgument(f"an account's name has 1 to {LONGEST_ACCOUNT_NAME} printable characters")
    return trimmed
