"""What is posted: a JSON body as the contract has it, and the headers that sign it.

The body says when it was sent and the signature covers it, so that nobody can send an old one again for long.
"""

import base64
import json
from collections.abc import Mapping, Sequence

from accounts.webhook_deliveries.topics import Gap, Item
from api.webhooks.signature import contract_headers, headers

Event = Mapping[str, object]
"""What is told of an item or a gap, without the time at which it is sent."""


def event(cache: str, topic: str, told: Item | Gap, at_ms: int) -> Event:
    """Return what is told of an item or a gap that came at this epoch millisecond."""
    known: Event = {"cache": cache, "topic": topic, "event_timestamp": at_ms}
    if isinstance(told, Gap):
        gap = {
            "last_topic_sequence": told.last,
            "new_topic_sequence": told.new,
            "new_sequence_page": told.page,
        }
        return {**known, "discontinuity": gap}
    numbered = {"topic_sequence_number": told.number, "sequence_page": told.page, "token_id": told.publisher_id}
    if isinstance(told.value, bytes):
        return {**known, **numbered, "binary": base64.b64encode(told.value).decode()}
    return {**known, **numbered, "text": told.value}


def event_id(webhook_id: str, kind: str, page: int, number: int) -> str:
    """Return the id by which a receiver knows an event that it has had."""
    return f"{webhook_id}.{page}.{number}" + ("" if kind == "item" else f".{kind}")


def request(id: str, told: Event, secrets: Sequence[str], now_ms: int) -> tuple[Mapping[str, str], bytes]:
    """Return the headers and the body of a request.

    Args:
        id: The same each time that the event is sent.
        told: The event.
        secrets: The one that counts, and in the overlap after a rotation the one before.
        now_ms: When it is sent.
    """
    body = json.dumps({**told, "publish_timestamp": now_ms}, ensure_ascii=False, separators=(",", ":")).encode()
    return {**headers(secrets, id, now_ms // 1000, body), **contract_headers(secrets, body)}, body
