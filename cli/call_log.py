"""The access log's lines of calls that Python reads itself: in the file that Envoy writes to, and in the same form."""

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import Final

from cli.forwarded import client_of
from cli.line_file import LineFile
from cli.settings import GrpcSettings
from http2.endings import ANSWERED, How
from http2.stream import Stream
from router.pubsub import PUBLISH

ONE_OF: Final = 100
"""Of so many publishes that are refused because there are too many, one has a line."""

STATUSES: Final = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip

_ENDINGS: Final = {
    How.ANSWERED: ("-", ""),
    How.REFUSED: ("-", "{}"),
    How.FAILED: ("-", "application_failed"),
    How.STALLED: ("SI", "stream_idle_timeout"),
    How.BROKE: ("DPE", "codec_error:{}"),
    How.RESET: ("DR", "http2.remote_reset"),
    How.LEFT: ("DC", "downstream_remote_disconnect"),
    How.CLOSED: ("DC", "downstream_local_disconnect({})"),
}
"""Envoy's words for how a stream has ended: flags, and details."""

_json = json.JSONEncoder(separators=(",", ":")).encode
_OK, _UNAVAILABLE = b"0", b"14"
_SUCCEEDED: Final = ((b"grpc-status", _OK),)


class Notable:
    """Chooses as Envoy does: everything but publishes that succeeded, and few of those that were too many."""

    def __init__(self) -> None:
        self._too_many = 0

    def chooses(self, stream: Stream) -> bool:
        """Whether an ended stream has a line."""
        ending = stream.ending
        if stream.head.scope["path"] != PUBLISH or (ending is not ANSWERED and ending.how is not How.REFUSED):
            return True
        if stream.trailers == _SUCCEEDED:  # nearly all of them, and so without a search
            return False
        status = stream.told(b"grpc-status")
        if status != _UNAVAILABLE:
            return status != _OK
        self._too_many += 1
        return self._too_many % ONE_OF == 1


def line(stream: Stream, proxies: int, now: float, epoch: float) -> bytes:
    """Return the line of a stream that has ended.

    Args:
        stream: It.
        proxies: So many in front are believed about the client's address.
        now: By the clock of the loop.
        epoch: The same moment in seconds of the epoch.
    """
    scope = stream.head.scope
    seconds = now - stream.began
    flags, details = _ENDINGS[stream.ending.how]
    request_id = stream.told(b"x-request-id")
    members = {
        "connection_end": None,
        "details": details.format(stream.ending.why.replace(" ", "_")),
        "flags": flags,
        "grpc": _grpc(stream),
        "method": scope["method"],
        "milliseconds": round(seconds * 1000),
        "path": scope["raw_path"].decode("latin-1"),
        "peer": _peer(client_of(scope["headers"], proxies, stream.client)),
        "protocol": "HTTP/2",
        "received_bytes": stream.received_bytes,
        "request_id": None if request_id is None else request_id.decode("latin-1"),
        "sent_bytes": stream.sent_bytes,
        "status": stream.status,
        "time": _time(epoch - seconds),
    }
    return _json(members).encode() + b"\n"


def _time(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _grpc(stream: Stream) -> str | None:
    if not stream.status:
        return None
    status = stream.told(b"grpc-status")
    if status is None:
        return "UNKNOWN"
    number = int(status)
    return STATUSES[number] if number < len(STATUSES) else str(number)


def _peer(client: tuple[str, int] | None) -> str | None:
    if client is None:
        return None
    address, port = client
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class CallLog:
    """Writes the lines of those calls that are to have one."""

    def __init__(self, settings: GrpcSettings) -> None:
        self._proxies = settings.trusted_proxies
        self._file = LineFile(settings.access_log)
        self._chooses = everything if settings.access_log_all else Notable().chooses

    def start(self) -> None:
        """Begin to write."""
        self._file.start()

    async def close(self) -> None:
        """Write what waits, and no more."""
        await self._file.close()

    def ended(self, stream: Stream) -> None:
        """Take note of a stream that has ended."""
        if self._chooses(stream):
            self._file.put(line(stream, self._proxies, asyncio.get_running_loop().time(), time.time()))


def everything(_: Stream) -> bool:
    """Choose each stream."""
    return True
