"""What a server has seen so far, in plain numbers."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Of all connections; they only grow, where nothing else is said."""

    connections: int = 0
    """That are open."""
    direct: int = 0
    """Those of them that no proxy stands before."""
    waiting: int = 0
    """Connections with requests that have come and are not read yet, because others have their turn: now."""
    calls: int = 0
    unanswered: int = 0
    """Calls that the application has, or has promised an answer to, and has not begun to answer: as many as now."""
    owed: int = 0
    """Those of them whose answers are promised, also where their clients have left."""
    unsent: int = 0
    """Answers without a call of the application that wait for their clients: as many as there are now."""
    resets: int = 0
    """Streams that clients gave up."""
    faults: int = 0
    """Streams that broke a rule, or were refused."""
    broken: int = 0
    """Connections that broke the protocol, asked for too much, or did not answer."""
    held_bytes: int = 0
    """Of requests that have not come whole: as much as there is now."""
    holders: int = 0
    """Connections of which something is held: now."""
    received_bytes: int = 0
    sent_bytes: int = 0
    direct_bytes: int = 0
    """Those of `sent_bytes` that went to clients without a proxy."""
