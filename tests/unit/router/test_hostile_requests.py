"""Whatever a client sends, it gets one honest status, and the service goes on."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from momento_wire_types import cachepubsub_pb2 as wire

from api.framing import frame
from router.pubsub import PUBLISH, SUBSCRIBE
from router.router import RouterSettings
from tests.unit.asgi import GRPC, Connection
from tests.unit.clock import LeapingLoop
from tests.unit.credentials import token
from tests.unit.router.parts import NOTHING_LEFT, World, world

REFUSALS = {3, 4, 5, 7, 8, 12, 16}

TEXTS = st.text(max_size=20) | st.sampled_from(["cache", "topic", "", " cache "])
NUMBERS = st.integers(0, 2**64 - 1) | st.integers(0, 3)
PUBLISHES = st.builds(
    wire._PublishRequest,
    cache_name=TEXTS,
    topic=TEXTS,
    value=st.builds(wire._TopicValue, text=TEXTS) | st.builds(wire._TopicValue, binary=st.binary(max_size=20)),
).map(lambda message: message.SerializeToString())
SUBSCRIPTIONS = st.builds(
    wire._SubscriptionRequest,
    cache_name=TEXTS,
    topic=TEXTS,
    resume_at_topic_sequence_number=NUMBERS,
    sequence_page=NUMBERS,
).map(lambda message: message.SerializeToString())
MESSAGES = PUBLISHES | SUBSCRIPTIONS | st.binary(max_size=60)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A frame, or a frame in which something was changed, or anything."""
    body = draw(MESSAGES.map(frame) | st.binary(max_size=60))
    if draw(st.booleans()) and body:
        at = draw(st.integers(0, len(body) - 1))
        body = body[:at] + draw(st.binary(max_size=3)) + body[at + draw(st.integers(0, 3)) :]
    return body


@st.composite
def pieces(draw: st.DrawFn) -> list[bytes]:
    """A body, cut anywhere."""
    body = draw(bodies())
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=3)))
    return [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]


NAMES = (
    b"authorization grpc-timeout grpc-encoding cache request-id return-error error-rpcs stream-error stream-error-rpcs "
    b"stream-error-message-limit x-grpc-web te"
).split()
TRUE_VALUES = [b"gzip", b"5S", b"topic-publish topic-subscribe", b"1", b"not-found"]
METADATA = st.lists(
    st.tuples(st.sampled_from(NAMES), st.binary(max_size=20) | st.sampled_from(TRUE_VALUES)), max_size=4
)
STEPS = st.lists(st.tuples(st.sampled_from([PUBLISH, SUBSCRIBE]), pieces(), METADATA), min_size=1, max_size=4)


async def attempt(made: World, path: str, body: list[bytes], metadata: list[tuple[bytes, bytes]]) -> None:
    names = [name for name, _ in metadata]
    credential = [] if b"authorization" in names else [(b"authorization", token().encode())]
    client = Connection(path, body, [GRPC, *credential, *metadata])
    app = made.pubsub.publish if path == PUBLISH else made.pubsub.subscribe
    task = made.serve(client, app)
    await client.until(lambda: bool(client.kinds) if path == SUBSCRIBE and client.status is None else bool(client.sent))
    client.leave()
    await asyncio.sleep(12)
    assert task.done()
    assert task.exception() is None or isinstance(task.exception(), OSError)
    assert len(client.starts) == 1
    if path == PUBLISH:
        assert client.status in REFUSALS | {0}
    else:
        assert client.status in REFUSALS | {None}


@settings(max_examples=300)
@given(STEPS, st.booleans())
def test_any_request_is_answered_and_nothing_is_left(
    requests: list[tuple[str, list[bytes], list[tuple[bytes, bytes]]]], is_local: bool
) -> None:
    async def run() -> None:
        made = await world(RouterSettings(local=is_local))
        for path, body, metadata in requests:
            await attempt(made, path, body, metadata)
        assert made.leftovers == NOTHING_LEFT
        assert (await made.publish()).status == 0

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(run())
