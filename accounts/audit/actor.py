"""Who makes a change."""

from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["user", "key", "operator", "system"]
"""`user`: a person who has logged in. `key`: a program with an API key or token. `operator`: an operator of the
installation. `system`: the service itself, or a command on the machine."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, and from where.

    Attributes:
        id: Of the user, the key or the operator.
        address: The true network address of the peer; empty for what comes over no network.
    """

    kind: ActorKind
    id: str
    address: str = ""


SYSTEM = Actor("system", "tidings")
"""The service itself, and commands on the machine."""
