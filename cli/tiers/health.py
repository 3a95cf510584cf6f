"""`/healthz`, `/readyz` and `/metrics` of a process that no Envoy hosts.

They are answered by the same event loop as everything else, so that a loop that is blocked answers none of them.
"""

from collections.abc import Callable

from api.asgi import send_json, without_body
from api.grpc_asgi import Receive, Scope, Send
from cli.control_socket import State
from cli.health import LIVENESS, READINESS, Dependencies, send_health
from cli.metrics.answer import METRICS, send_page
from cli.metrics.page import Page


class Health:
    """An ASGI application of these paths. `state` tells how the process stands, `dependencies` how what it needs."""

    def __init__(self, tier: str, state: Callable[[], State], dependencies: Dependencies, page: Page) -> None:
        self._tier = tier
        self._state = state
        self._dependencies = dependencies
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = without_body(send) if scope["method"] == "HEAD" else send
        match scope["path"]:
            case path if path in (LIVENESS, READINESS):
                await send_health(answer, path, self._tier, self._state(), self._dependencies)
            case path if path == METRICS:
                await send_page(answer, self._page.text())
            case _:
                await send_json(answer, 404, {"code": "not_found", "message": "there is nothing at this path"})
