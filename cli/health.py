"""What `/healthz` and `/readyz` answer, for whoever asks a process how it is."""

from collections.abc import Callable, Mapping

from api.asgi import send_json
from api.grpc_asgi import Send
from cli.control_socket import State

LIVENESS, READINESS = "/healthz", "/readyz"

Dependencies = Callable[[], Mapping[str, str]]
"""Tells of each thing that a process needs how it stands, in a word or two. Nothing is asked for it: a probe that
waits for a database is one more thing that fails with it."""


async def send_health(send: Send, path: str, tier: str, state: State, dependencies: Dependencies) -> None:
    """Answer one of the two paths: alive with 200 always, ready with 503 until it serves, with what it depends on."""
    if path == LIVENESS:
        await send_json(send, 200, {"tier": tier, "state": state})
    else:
        body = {"tier": tier, "state": state, "dependencies": dict(dependencies())}
        await send_json(send, 200 if state == "serving" else 503, body)
