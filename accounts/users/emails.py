"""E-mail addresses as they are kept, so that one in another spelling is the same."""

from email_validator import EmailNotValidError, validate_email

from api.errors import InvalidArgument

LONGEST_EMAIL = 320
"""Characters: of what is longer no more is looked at, for that takes as long as it is."""


def normalised(email: str) -> str:
    """Return an e-mail in the form in which it is kept.

    Raises:
        InvalidArgument: it cannot be one.
    """
    trimmed = email.strip()
    if len(trimmed) > LONGEST_EMAIL:
        raise InvalidArgument(f"the e-mail cannot be one: it has more than {LONGEST_EMAIL} characters")
    try:
        return validate_email(trimmed, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as reason:
        raise InvalidArgument(f"the e-mail cannot be one: {reason}") from reason


def as_kept(email: str) -> str:
    """Return an e-mail in the form in which it is kept; empty, which is nobody's, for one that cannot be."""
    try:
        return normalised(email)
    except InvalidArgument:
        return ""
