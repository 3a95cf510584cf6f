"""What the tiers know of each other, and how a change in one reaches the rest.

One process has it in memory; a fleet will have it between machines. The same test suite runs on every implementation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from api.account import AccountSnapshot

Unwatch = Callable[[], None]
"""Ends the watch that returned it. Calling it again does nothing."""


class Directory(Protocol):
    """Accounts and signing keys: written by the account service, read by routers."""

    async def put_account(self, snapshot: AccountSnapshot) -> None:
        """Make `snapshot` what every router knows, unless they know a version that is as new."""
        ...

    async def remove_account(self, account_id: str) -> None:
        """Forget an account: its tokens are refused from now on."""
        ...

    def account(self, account_id: str) -> AccountSnapshot | None:
        """Return the newest snapshot of an account, or None where there is no such account."""
        ...

    def watch_accounts(self, changed: Callable[[str, AccountSnapshot | None], None]) -> Unwatch:
        """Call `changed(account id, snapshot)` after each change, with None for an account that was removed."""
        ...

    async def put_keys(self, public_keys: Mapping[str, bytes]) -> None:
        """Replace the public signing keys (raw Ed25519, by key id) that tokens are checked with."""
        ...

    def keys(self) -> Mapping[str, bytes]:
        """Return the public signing keys."""
        ...

    def watch_keys(self, changed: Callable[[Mapping[str, bytes]], None]) -> Unwatch:
        """Call `changed(keys)` after each change of the signing keys."""
        ...


@dataclass(frozen=True, slots=True)
class Node:
    """A storage node as the map shows it.

    Attributes:
        address: `host:port` of its gRPC server; empty for a node in this process.
        weight: Its share of the topics, relative to the other nodes.
        state: `draining` nodes own nothing new and serve what they have until routers have moved.
    """

    id: str
    address: str = ""
    weight: float = 1.0
    state: Literal["live", "draining"] = "live"


@dataclass(frozen=True, slots=True)
class NodeMap:
    """All storage nodes at one moment; `version` grows with each change."""

    version: int = 0
    nodes: Mapping[str, Node] = field(default_factory=dict[str, Node])


class Registry(Protocol):
    """Which storage nodes are alive. A node is in the map while it renews its lease."""

    async def beat(self, node: Node) -> None:
        """Enter `node` or renew its lease; a changed address, weight or state is a new version of the map."""
        ...

    async def leave(self, node_id: str) -> None:
        """Take a node out of the map at once. Nothing happens when it is not there."""
        ...

    def map(self) -> NodeMap:
        """Return the newest map."""
        ...

    def watch_map(self, changed: Callable[[NodeMap], None]) -> Unwatch:
        """Call `changed(map)` after each new version."""
        ...
