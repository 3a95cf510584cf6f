"""What a raw subscriber got, as a list of the contract's messages."""

from momento_wire_types import cachepubsub_pb2 as wire

from api.framing import frame

SUBSCRIBE = "/cache_client.pubsub.Pubsub/Subscribe"
PUBLISH = "/cache_client.pubsub.Pubsub/Publish"


def messages(body: bytes | bytearray) -> list[wire._SubscriptionItem]:
    """Return the whole messages in a stream's body; a part of one at its end is left out."""
    found: list[wire._SubscriptionItem] = []
    start = 0
    while start + 5 <= len(body):
        end = start + 5 + int.from_bytes(body[start + 1 : start + 5], "big")
        if end > len(body):
            break
        found.append(wire._SubscriptionItem.FromString(bytes(body[start + 5 : end])))
        start = end
    return found


def subscription(cache: str, topic: str, number: int = 0, page: int = 0) -> bytes:
    """Return the request of a subscription, framed."""
    request = wire._SubscriptionRequest(
        cache_name=cache, topic=topic, resume_at_topic_sequence_number=number, sequence_page=page
    )
    return frame(request.SerializeToString())
