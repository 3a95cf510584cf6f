"""What the inspectors of a cache are told, and that nothing is built where there is none."""

import asyncio
import json
from typing import Any

import pytest

from api.errors import PermissionDenied, StreamMoved, TooManyRequests
from api.permissions import Grant
from api.rules import EVERY, Rule, Selector
from router.inspector import MOST_INSPECTORS, MOST_WAITING, Inspector, event
from router.router import RouterSettings
from router.taps import TEXT_CHARACTERS
from tests.patience import patient
from tests.unit.credentials import SIGNER, account, claims, explicit, token, topic_permission
from tests.unit.router.parts import World, world


async def look(acme: World) -> Inspector:
    bearer = await acme.router.bearers.bearer(token())
    return acme.router.taps.open(await acme.router.inspectable(bearer, "cache", ""))


async def told(inspector: Inspector, kind: str) -> dict[str, Any]:
    """Return the next event of a kind, without its time."""
    async with asyncio.timeout(patient(5)):
        while True:
            for each in await inspector.take(1.0):
                if each.kind == kind:
                    facts: dict[str, Any] = json.loads(each.data)
                    assert facts.pop("type") == kind
                    assert facts.pop("at", 1.0) > 0
                    return facts


async def test_a_publish_is_told_with_the_beginning_of_its_text(acme: World) -> None:
    inspector = await look(acme)
    named = SIGNER.sign(claims(publisher_id="ada"))
    await acme.publish("x" * 500, topic="news", credential=named)
    facts = await told(inspector, "published")
    assert facts.pop("page") > 0
    assert facts == {
        "topic": "news", "sequence": 1, "bytes": 500, "publisher_id": "ada", "text": "x" * TEXT_CHARACTERS + "…",
    }  # fmt: skip


async def test_what_is_binary_is_told_by_its_size_alone(acme: World) -> None:
    inspector = await look(acme)
    bearer = await acme.router.bearers.bearer(token())
    writable = await acme.router.writable(bearer, "cache", "topic")
    await acme.router.publish(bearer, writable, b"\x12\x02\x00\xff", 2)
    facts = await told(inspector, "published")
    assert (facts["bytes"], "text" in facts) == (2, False)


async def test_deliveries_of_a_moment_are_told_together(acme: World) -> None:
    inspector = await look(acme)
    clients = [acme.subscribe() for _ in range(3)]
    for client in clients:
        await client.until(lambda client=client: bool(client.kinds))
    await acme.publish("one")
    assert await told(inspector, "delivered") == {"topic": "topic", "subscribers": 3, "items": 3, "bytes": 9}


async def test_subscriptions_are_told_as_they_open_and_end(acme: World) -> None:
    inspector = await look(acme)
    subscription = await acme.open()
    assert await told(inspector, "opened") == {"topic": "topic", "subscribers": 1}
    subscription.end(StreamMoved())
    acme.router.unsubscribe(subscription)
    facts = await told(inspector, "ended")
    assert (facts["subscribers"], facts["code"]) == (0, StreamMoved.code)


async def test_a_refusal_is_told_with_its_reason(acme: World) -> None:
    inspector = await look(acme)
    reader = token(permissions=explicit(topic_permission(topic="other")))
    await acme.publish(topic="news", credential=reader)
    facts = await told(inspector, "refused")
    assert "may not publish to topic 'news'" in facts.pop("message")
    assert facts == {"topic": "news", "call": "publish", "code": "permission_denied"}
    await acme.subscribe("news", credential=reader).answered()
    assert (await told(inspector, "refused"))["call"] == "subscribe"


async def test_a_gap_is_told_with_its_cause(acme: World) -> None:
    inspector = await look(acme)
    await acme.publish("one")
    acme.subscribe(number=1000)
    assert await told(inspector, "gap") == {"topic": "topic", "cause": "retention", "subscribers": 1}
    acme.subscribe(number=1, page=7)
    assert (await told(inspector, "gap"))["cause"] == "page_reset"


async def test_a_slow_reader_is_told() -> None:
    bounded = await world(RouterSettings(max_pending_bytes=20_000))
    inspector = await look(bounded)
    stalled, other = bounded.subscribe(), bounded.subscribe()
    await stalled.until(lambda: bool(stalled.kinds))
    await other.until(lambda: bool(other.kinds))
    stalled.stall()
    for number in range(1, 60):
        await bounded.publish("x" * 1000)
        await other.until(lambda number=number: other.kinds.count("item") >= number)
    stalled.read_on()
    assert await told(inspector, "gap") == {"topic": "topic", "cause": "slow_reader", "subscribers": 1}
    bounded.router.close()


async def test_other_caches_are_not_told_of() -> None:
    both = await world(None, account(caches=("cache", "other")), account("zeta"))
    inspector = await look(both)
    await both.publish(cache="other")
    await both.publish(credential=token(account="zeta"))
    await both.publish(cache="nowhere")
    assert await inspector.take(0.2) == []
    both.router.close()


async def test_nothing_is_tapped_once_the_last_inspector_is_gone(acme: World) -> None:
    bearer = await acme.router.bearers.bearer(token())
    cache = await acme.router.inspectable(bearer, "cache", "")
    first, second = acme.router.taps.open(cache), acme.router.taps.open(cache)
    acme.router.taps.close(cache, first)
    assert acme.router.taps.by_cache
    acme.router.taps.close(cache, second)
    assert not acme.router.taps.by_cache
    await acme.publish()
    assert await second.take(0.2) == []


async def test_what_does_not_fit_is_counted(acme: World) -> None:
    inspector = await look(acme)
    for number in range(MOST_WAITING + 7):
        inspector.put(event("published", number=number))
    taken = await inspector.take(1.0)
    assert len(taken) == MOST_WAITING + 1
    assert taken[-1] == event("left_out", events=7)
    assert await inspector.take(0.1) == []


async def test_a_cache_has_so_many_inspectors_and_no_more(acme: World) -> None:
    for _ in range(MOST_INSPECTORS):
        await look(acme)
    with pytest.raises(TooManyRequests, match="10 inspectors"):
        await look(acme)


ONLY_SOME = (
    Rule("topic", read=False, write=True),
    Rule("topic", read=True, write=True, caches=Selector("name", "other")),
    Rule("topic", read=True, write=False, topics=Selector("prefix", "a")),
    Rule("cache", read=True, write=True),
)


@pytest.mark.parametrize("rule", ONLY_SOME)
async def test_who_may_not_read_every_topic_may_not_look(acme: World, rule: Rule) -> None:
    bearer = await acme.router.bearers.bearer(token("disposable", permissions=b"", rules=(rule,)))
    with pytest.raises(PermissionDenied, match="read all its topics"):
        await acme.router.inspectable(bearer, "cache", "")


@pytest.mark.parametrize("topics", [EVERY, Selector("prefix", "")])
def test_every_topic_is_said_in_two_ways(topics: Selector) -> None:
    assert Grant((Rule("topic", read=True, write=False, topics=topics),)).reads_all("cache", "")
