"""The router that the account service of a fleet reads the topics of webhooks by.

It is one like any other, with links to all storage nodes and meters of its own, but serves no clients; so a webhook is
a subscriber like any other. It is made when the first webhook is, since most installations may have none.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from api.link import Sink
from api.names import Topic
from api.seals import Seals
from api.tasks import end
from backplane.interface import Node
from backplane.redis import RedisBackplane
from cli.housekeeping import TRIM_SECONDS, every
from cli.variables.link import link_security
from cli.variables.tiers import AccountsVariables
from router.meters.handover import Metering
from router.router import Router, RouterSettings
from router.sharing import Sharing

if TYPE_CHECKING:
    from api.link_security import LinkSecurity
    from router.links.remote import RemoteLink


class WebhookRouter:
    """Makes the router at the first call, and has it until `close`.

    Args:
        backplane: Of the fleet.
        variables: Of the account service: where it keeps what it has counted and not yet handed over, and how storage
            nodes know it.
        seals: What it seals usage with.
    """

    def __init__(self, backplane: RedisBackplane, variables: AccountsVariables, seals: Seals | None) -> None:
        self._backplane = backplane
        self._variables = variables
        self._seals = seals
        self._id = f"webhooks-{socket.gethostname()}-{variables.port}"
        self._security: LinkSecurity | None = None
        self._router: Router | None = None
        self._metering: Metering | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def __repr__(self) -> str:
        return f"<WebhookRouter {self._router!r}>"

    def __call__(self) -> Router:
        """Return the router."""
        if self._router is None:
            self._router = self._made()
        return self._router

    def audience(self, topic: Topic) -> int:
        """Return how many webhooks of this process subscribe to a topic."""
        return 0 if self._router is None else self._router.audience(topic)

    async def close(self) -> None:
        """Stop it, where it was made."""
        await end(*self._tasks)
        if self._router is not None:
            self._router.close()
        if self._metering is not None:
            await self._metering.close()

    def _made(self) -> Router:
        backplane = self._backplane
        self._security = link_security(self._variables)
        folder = self._variables.data / "usage"
        metering = self._metering = Metering(folder, self._id, backplane.usage, seals=self._seals)
        sharing = Sharing(backplane.quotas, f"{self._id}-{secrets.token_hex(8)}")
        router = Router(
            backplane.directory, backplane.registry, self._connect, RouterSettings(), sharing, metering.seats
        )
        metering.start(router.tenants.has_caps)
        backplane.system.answer(router.feeds.system)
        self._tasks = [
            asyncio.create_task(every(TRIM_SECONDS, router.trim)),
            asyncio.create_task(router.sharing.run()),
        ]
        return router

    def _connect(self, node: Node, sink: Sink, map_version: Callable[[], int]) -> "RemoteLink":
        from router.links.remote import RemoteLink  # noqa: PLC0415  with it comes gRPC, which is slow to import

        link = RemoteLink(node.address, sink, map_version, self._security, frames=node.frames)
        link.start()
        return link
