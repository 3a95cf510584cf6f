"""`/metrics` of what Envoy hosts: the application's numbers, and Envoy's own beside them.

The supervisor answers, which neither clients nor a hanging application can keep from it.
"""

from api.asgi import send_json, without_body
from api.grpc_asgi import Receive, Scope, Send
from cli.control_socket import CommandFailed
from cli.metrics.answer import METRICS, send_page
from cli.supervisor.generation import Generation
from cli.supervisor.supervisor import Supervisor

STARTS = """\
# HELP tidings_supervisor_starts_total How often the service was started, restarts and crashes included.
# TYPE tidings_supervisor_starts_total counter
tidings_supervisor_starts_total {}
"""


class MetricsPage:
    """An ASGI application of one path."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = without_body(send) if scope["method"] == "HEAD" else send
        if scope["path"] != METRICS:
            await send_json(answer, 404, {"code": "not_found", "message": "there is nothing but /metrics here"})
            return
        generations = self._supervisor.generations
        try:
            if not generations:
                raise ConnectionError
            text = await _numbers(generations[-1])
        except (OSError, TimeoutError, CommandFailed):
            message = "the service does not answer; its log says why"
            await send_json(answer, 503, {"code": "unavailable", "message": message})
            return
        await send_page(answer, text + STARTS.format(generations[-1].number))


async def _numbers(generation: Generation) -> str:
    """Return those of the newest process: while two serve the port, the older one only drains."""
    return await generation.metrics() + await generation.admin.metrics()
