"""A subscription as a stream of Server-Sent Events."""

from api.errors import StreamMoved
from api.gone import ClientGone
from api.grpc_asgi import Send, shown, write
from router.http.messages import HEARTBEAT, RETRY, as_event, error_event, messages
from router.subscription import Subscription

_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")],
}


async def stream(subscription: Subscription, send: Send) -> None:
    """Send what the subscription brings until it ends; its end is the last event.

    Raises:
        ClientGone: nobody reads the stream any more.
    """
    await begin(send)
    try:
        while True:
            frames = await subscription.next()
            await write(send, b"".join(as_event(message) for message in messages(frames)) or HEARTBEAT)
            subscription.delivered()
    except ClientGone:
        raise
    except StreamMoved:
        await end(send, b"")  # an EventSource comes back by itself
    except Exception as error:  # noqa: BLE001 - the answer has begun, so that this is where the client can be told
        await end(send, error_event(shown(error)))


async def begin(send: Send) -> None:
    """Begin a stream, and say when to come back after it.

    Raises:
        ClientGone: nobody reads it.
    """
    await send(_START)
    await write(send, RETRY)


async def come_back(send: Send) -> None:
    """Answer with a stream that ends at once; an EventSource opens another, elsewhere, by itself."""
    await send(_START)
    await end(send, RETRY)


async def end(send: Send, body: bytes) -> None:
    """Send the last events."""
    await send({"type": "http.response.body", "body": body, "more_body": False})
