"""One subscription, read message by message."""

from typing import Any, Self, cast

from momento_wire_types import cachepubsub_pb2 as wire


class Stream:
    """A stream of messages; its call has a deadline, so that no read waits for ever."""

    def __init__(self, call: Any) -> None:  # noqa: ANN401 - what the generated stub returns has no type
        self._call = call

    def next(self) -> wire._SubscriptionItem:
        """Return the next message.

        Raises:
            grpc.RpcError: the stream has ended.
        """
        return cast("wire._SubscriptionItem", next(self._call))

    def kind(self) -> str:
        """Return the kind of the next message."""
        return str(self.next().WhichOneof("kind"))

    def next_but_heartbeats(self) -> wire._SubscriptionItem:
        """Return the next message that says something."""
        while (message := self.next()).WhichOneof("kind") == "heartbeat":
            pass
        return message

    def items(self, count: int) -> list[wire._TopicItem]:
        """Return the next items; anything between them, heartbeats aside, comes as an empty one."""
        return [self.next_but_heartbeats().item for _ in range(count)]

    def read_to_its_end(self) -> None:
        """Read on.

        Raises:
            grpc.RpcError: with which it ended.
        """
        try:
            while True:
                self.next()
        except StopIteration:
            return

    def leave(self) -> None:
        """End it, as a client does."""
        self._call.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
