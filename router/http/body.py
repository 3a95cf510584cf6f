"""The value that a request publishes."""

import json

from momento_wire_types import cachepubsub_pb2 as wire

from api.account import LARGEST_MESSAGE_BYTES
from api.errors import InvalidArgument, MessageTooLarge
from api.gone import ClientGone
from api.grpc_asgi import Receive


async def value(content_type: str, receive: Receive) -> tuple[bytes, int]:
    """Return the body as a serialised `_TopicValue`, and its size in bytes.

    `application/octet-stream` is binary; of JSON, a string is the text it stands for; all else is text as it is.

    Raises:
        ClientGone: the client left before its request was complete.
        InvalidArgument: a text is not UTF-8, or a JSON body is not JSON.
        MessageTooLarge: no topic takes that much.
    """
    body = await _body(receive)
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/octet-stream":
        return wire._TopicValue(binary=body).SerializeToString(), len(body)
    try:
        text = body.decode()
        parsed = json.loads(text) if kind == "application/json" else text
    except (ValueError, RecursionError) as reason:
        raise InvalidArgument(f"the body is not valid {'JSON' if kind == 'application/json' else 'UTF-8'}") from reason
    text = parsed if isinstance(parsed, str) else text
    try:
        size = len(text.encode())
    except UnicodeEncodeError as reason:
        raise InvalidArgument("the text holds half of a surrogate pair, which UTF-8 cannot express") from reason
    return wire._TopicValue(text=text).SerializeToString(), size


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        event = await receive()
        if event["type"] != "http.request":
            raise ClientGone
        body += event.get("body", b"")
        if len(body) > LARGEST_MESSAGE_BYTES:
            raise MessageTooLarge(
                f"the body is longer than the {LARGEST_MESSAGE_BYTES} bytes that a topic takes at most"
            )
        if not event.get("more_body"):
            return bytes(body)
