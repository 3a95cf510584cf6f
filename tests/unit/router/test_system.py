"""Topics that the service itself writes, as clients see them on a router."""

from api.errors import InvalidArgument, PermissionDenied
from api.permissions import Grant
from api.rules import EVERY, Rule, Selector
from api.usage import PUBLISH
from backplane.system import Interest, SystemItem
from tests.unit.asgi import Connection, parsed
from tests.unit.credentials import SIGNER, claims, explicit, topic_permission
from tests.unit.router.parts import NOTHING_LEFT, World

USAGE = "$sys/usage"


def tell(acme: World, *bodies: str, account: str = "acme", topic: str = USAGE) -> None:
    acme.router.feeds.system.tell([SystemItem(account, topic, body) for body in bodies])  # pyright: ignore[reportArgumentType] - also of what nobody may say


async def listening(acme: World, number: int = 0, page: int = 0) -> Connection:
    client = acme.subscribe(USAGE, number, page)
    await client.until(lambda: "heartbeat" in client.kinds)
    return client


async def test_what_is_told_comes_in_order_to_those_who_listen_and_nothing_twice(acme: World) -> None:
    client = await listening(acme)
    assert acme.router.feeds.system.interests() == [Interest("acme", USAGE)]
    tell(acme, "one", "one", "two")
    tell(acme, "not ours", account="bolt")
    tell(acme, "not asked for", topic="$sys/audit")
    tell(acme, "three")
    await client.until(lambda: 3 in client.numbers)
    assert (client.texts, client.numbers) == (["one", "two", "three"], [1, 2, 3])

    later = await listening(acme)
    await later.until(lambda: later.texts == ["three"])


async def test_who_resumes_goes_on_or_is_told_of_another_page(acme: World) -> None:
    client = await listening(acme)
    tell(acme, "one", "two")
    await client.until(lambda: 2 in client.numbers)
    page = acme.router.feeds.attach(acme.topic(USAGE)).log.page
    seen = await listening(acme, number=2, page=page)
    next_one = await listening(acme, number=3, page=page)
    elsewhere = await listening(acme, number=7, page=5)
    tell(acme, "three")
    for each, texts in ((seen, ["two", "three"]), (next_one, ["three"]), (elsewhere, ["two", "three"])):
        await each.until(lambda each=each, texts=texts: each.texts == texts)
    assert [each.kinds.count("discontinuity") for each in (seen, next_one, elsewhere)] == [0, 0, 1]


async def test_nobody_pays_and_nothing_is_left(acme: World) -> None:
    subscription = await acme.open(USAGE)
    await subscription.next()
    tell(acme, "x" * 5000)
    assert parsed(await subscription.next())[0].HasField("item")
    subscription.delivered()
    acme.router.seats.tick()
    acme.router.unsubscribe(subscription)
    assert {key for key, row in acme.router.seats.meters.window.rows.items() if row.first} == set()
    assert acme.leftovers == NOTHING_LEFT
    assert acme.router.feeds.system.interests() == []


async def test_nobody_writes_them_and_there_are_no_others(acme: World) -> None:
    for topic, reason in ((USAGE, PermissionDenied), ("$sys/secrets", InvalidArgument)):
        assert (await acme.publish(topic=topic)).status == reason.grpc
    client = acme.subscribe("$sys/secrets")
    await client.answered()
    assert client.status == InvalidArgument.grpc
    assert not [key for key in acme.router.seats.meters.window.rows if key[2] == PUBLISH]


async def test_a_rule_for_every_topic_does_not_mean_them(acme: World) -> None:
    for prefix, allowed in (("", False), ("$", False), ("$sys/", True), ("$sys/us", True), ("$sys/audit", False)):
        permissions = explicit(topic_permission(prefix=prefix))
        credential = SIGNER.sign(claims(kind="disposable", permissions=permissions))
        client = acme.subscribe(USAGE, credential=credential)
        if allowed:
            await client.until(lambda client=client: "heartbeat" in client.kinds)
        else:
            await client.answered()
            assert client.status == PermissionDenied.grpc


def test_a_rule_means_them_by_name_alone() -> None:
    def reads(topics: Selector) -> bool:
        grant = Grant((Rule("topic", read=True, write=True, caches=EVERY, topics=topics),))
        return grant.allowing("subscribe", "cache", USAGE) is not None

    assert [reads(each) for each in (EVERY, Selector("prefix", "$sys"), Selector("name", USAGE))] == [
        False,
        False,
        True,
    ]
