"""A client's side of one ASGI request: it gives the body and keeps what it is answered."""

import asyncio
from collections.abc import Callable, Iterable

from momento_wire_types import cachepubsub_pb2 as wire

from api.framing import HEADER_BYTES, frame
from api.grpc_asgi import ASGIApp, Message, Scope

DEADLINE_SECONDS = 60.0

GRPC = (b"content-type", b"application/grpc")

GONE = OSError("the client has left")
"""The edge raises one and the same for all clients that leave."""


class Connection:
    """One request. Whoever awaits `until` goes on when what was answered fulfils a condition."""

    def __init__(
        self,
        path: str = "/",
        pieces: Iterable[bytes] = (b"",),
        headers: Iterable[tuple[bytes, bytes]] = (GRPC,),
        *,
        method: str = "POST",
        port: int = 40_000,
    ) -> None:
        self.scope: Scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": list(headers),
            "client": ("192.0.2.1", port),
        }
        self.sent: list[Message] = []
        self.has_left = False
        self._pieces = list(pieces)
        self._reads = asyncio.Event()
        self._reads.set()
        self._changed = asyncio.Event()

    async def receive(self) -> Message:
        """Give the next piece of the body; at its end, as the edge does, an empty one at once."""
        if self.has_left:
            return {"type": "http.disconnect"}
        if not self._pieces:
            return {"type": "http.request", "body": b"", "more_body": False}
        piece = self._pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}

    async def send(self, event: Message) -> None:
        await self._reads.wait()
        if self.has_left:
            raise GONE
        self.sent.append(event)
        self._changed.set()

    def leave(self) -> None:
        """Go away, without a word."""
        self.has_left = True
        self._reads.set()

    def stall(self) -> None:
        """Read no more, for now."""
        self._reads.clear()

    def read_on(self) -> None:
        """Read again."""
        self._reads.set()

    async def through(self, app: ASGIApp) -> "Connection":
        """Send the request through an application until it is done with it."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            await app(self.scope, self.receive, self.send)
        return self

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on what was answered holds."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def answered(self) -> None:
        """Wait until a call has its status."""
        await self.until(lambda: self.status is not None)

    @property
    def starts(self) -> list[Message]:
        """How often an answer was begun."""
        return [event for event in self.sent if event["type"] == "http.response.start"]

    @property
    def http_status(self) -> int:
        (start,) = self.starts
        return start["status"]

    @property
    def headers(self) -> dict[bytes, bytes]:
        """The answer's headers and trailers."""
        return dict(header for event in self.sent for header in event.get("headers", []))

    @property
    def status(self) -> int | None:
        """The gRPC status, where there is one yet."""
        status = self.headers.get(b"grpc-status")
        return None if status is None else int(status)

    @property
    def message(self) -> str:
        return self.headers.get(b"grpc-message", b"").decode()

    @property
    def is_trailers_only(self) -> bool:
        """Whether the status came in the first frame of headers, and nothing else came."""
        return b"grpc-status" in dict(self.sent[0]["headers"]) and not self.body and not self.trailers

    @property
    def trailers(self) -> list[Message]:
        return [event for event in self.sent if event["type"] == "http.response.trailers"]

    @property
    def body(self) -> bytes:
        return b"".join(event.get("body", b"") for event in self.sent)

    @property
    def messages(self) -> list[wire._SubscriptionItem]:
        """What came on a subscription."""
        return parsed(self.body)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the items that came on a subscription."""
        return [m.item.topic_sequence_number for m in self.messages if m.WhichOneof("kind") == "item"]

    @property
    def texts(self) -> list[str]:
        """The texts that came on a subscription."""
        return [m.item.value.text for m in self.messages if m.WhichOneof("kind") == "item"]

    @property
    def kinds(self) -> list[str | None]:
        """What came on a subscription, as a list of heartbeat, item and discontinuity."""
        return [message.WhichOneof("kind") for message in self.messages]


def parsed(frames: bytes) -> list[wire._SubscriptionItem]:
    """Return the messages of joined frames."""
    found: list[wire._SubscriptionItem] = []
    while frames:
        end = HEADER_BYTES + int.from_bytes(frames[1:HEADER_BYTES], "big")
        assert frames[0] == 0
        assert len(frames) >= end
        found.append(wire._SubscriptionItem.FromString(frames[HEADER_BYTES:end]))
        frames = frames[end:]
    return found


def publish_request(cache: str = "cache", topic: str = "topic", text: str = "hello") -> bytes:
    """Return the body of a Publish of a text."""
    value = wire._TopicValue(text=text)
    return frame(wire._PublishRequest(cache_name=cache, topic=topic, value=value).SerializeToString())


def subscribe_request(cache: str = "cache", topic: str = "topic", number: int = 0, page: int = 0) -> bytes:
    """Return the body of a Subscribe."""
    request = wire._SubscriptionRequest(
        cache_name=cache, topic=topic, resume_at_topic_sequence_number=number, sequence_page=page
    )
    return frame(request.SerializeToString())
