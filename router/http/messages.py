"""What a subscriber over HTTP gets: the contract's messages as JSON, and as Server-Sent Events."""

import base64
import json
from collections.abc import Iterator

from momento_wire_types import cachepubsub_pb2 as wire

from api.asgi import told
from api.errors import TidingsError
from api.framing import HEADER_BYTES

Json = dict[str, object]

HEARTBEAT = b": heartbeat\n\n"
RETRY = b"retry: 500\n\n"
"""How long an EventSource waits before it comes back, in milliseconds: as long as the SDKs do."""


def messages(frames: bytes) -> Iterator[wire._SubscriptionItem]:
    """Return the messages in whole frames."""
    start = 0
    while start < len(frames):
        end = start + HEADER_BYTES + int.from_bytes(frames[start + 1 : start + HEADER_BYTES], "big")
        yield wire._SubscriptionItem.FromString(frames[start + HEADER_BYTES : end])
        start = end


def as_json(message: wire._SubscriptionItem) -> Json | None:
    """Return an item or a discontinuity; None for a heartbeat."""
    match message.WhichOneof("kind"):
        case "item":
            return {"item": _item(message.item)}
        case "discontinuity":
            told = message.discontinuity
            return {
                "discontinuity": {
                    "last_topic_sequence": told.last_topic_sequence,
                    "new_topic_sequence": told.new_topic_sequence,
                    "new_sequence_page": told.new_sequence_page,
                }
            }
        case _:
            return None


def as_event(message: wire._SubscriptionItem) -> bytes:
    """Return a message as an event; its id is `page:number`, by which an EventSource resumes."""
    body = as_json(message)
    if body is None:
        return HEARTBEAT
    (kind,) = body
    if kind == "item":
        page, number = message.item.sequence_page, message.item.topic_sequence_number
    else:
        page, number = message.discontinuity.new_sequence_page, max(message.discontinuity.new_topic_sequence - 1, 0)
    return f"id: {page}:{number}\nevent: {kind}\ndata: {_dumped(body)}\n\n".encode()


def error_event(error: TidingsError) -> bytes:
    """Return the last event of a stream that ends with an error."""
    return f"event: error\ndata: {_dumped(told(error))}\n\n".encode()


def _item(item: wire._TopicItem) -> Json:
    match item.value.WhichOneof("kind"):
        case "binary":
            value = {"binary": base64.b64encode(item.value.binary).decode()}
        case _:
            value = {"text": item.value.text}
    body: Json = {
        "topic_sequence_number": item.topic_sequence_number,
        "sequence_page": item.sequence_page,
        "value": value,
    }
    return {**body, "publisher_id": item.publisher_id} if item.publisher_id else body


def _dumped(body: Json) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
