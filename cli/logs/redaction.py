"""Takes out of a log line what nobody may read there: credentials, passwords, e-mails and what was published.

A line is never meant to have one. This is for the library, the exception or the next commit that forgets it.
"""

import re
from collections.abc import Mapping
from typing import cast

REDACTED = "[redacted]"

_SECRET_KEYS = re.compile(
    r"authorization|cookie|credential|email|passw|payload|secret|token(?!_id)|value|api_?key(?!_id)|master_?key",
    re.IGNORECASE,
)
_SECRETS = re.compile(
    r"eyJ[\w+/=.~-]{8,}"  # a JWT, or a key with its endpoint packed around it: both are base64 of {"
    r"|\b(?:tdop_|tdim_|whsec_|sk_live_|sk_test_)[\w+/=-]{6,}"
    r"|(?<=://)[^\s/@'\"]+(?=@)"  # who logs in by a URL, and with what
    r"|[\w.%+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{43,}(?![\w-])"  # 256 random bits
)


def redacted(facts: Mapping[str, object]) -> dict[str, object]:
    """Return the members of a line without its secrets: by the name of a member, and by the form of a text."""
    return {name: REDACTED if _SECRET_KEYS.search(name) else _without(fact) for name, fact in facts.items()}


def without_secrets(text: str) -> str:
    """Return a text with whatever has the form of a secret replaced."""
    return _SECRETS.sub(REDACTED, text)


def _without(fact: object) -> object:
    match fact:
        case None | bool() | int() | float():
            return fact
        case Mapping():
            return redacted({str(name): each for name, each in cast("Mapping[object, object]", fact).items()})
        case _:
            return without_secrets(str(fact))
