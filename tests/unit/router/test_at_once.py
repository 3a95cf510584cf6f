"""Publishes that an edge asks to have answered at once; `test_publish` holds what is promised of them all."""

import gc
import weakref
from typing import cast

import pytest

from api.account import Cap, Limits
from api.errors import DeadlineExceeded, Unavailable
from api.framing import EMPTY
from api.grpc_asgi import NOTHING, Answer
from api.link import Asker, Moved, Receipt
from api.tracing import Spans
from cli.direct_link import DirectLink
from router.pubsub import PUBLISH, SUBSCRIBE
from router.router import RouterSettings
from tests.unit.asgi import publish_request
from tests.unit.credentials import account, token
from tests.unit.router.parts import Promise, World, connection, world


def answered(acme: World, body: bytes = publish_request(), credential: str | None = None) -> Answer | None:
    """Return the answer where there is one at once."""
    scope = connection(PUBLISH, body, credential).scope
    answerer = acme.pubsub.at_once(scope, scope["client"])
    assert answerer is not None
    promise = Promise()
    return promise.answer.result() if answerer.answer(body, promise) else None


def spent(acme: World) -> tuple[int, int]:
    """Return what was asked for of the account's limit, and how much was published."""
    (tenant,) = acme.router.tenants.all()
    return tenant._own.publishes.asked, acme.router.counts.published


async def test_a_client_is_answered_once_its_account_is_known(acme: World) -> None:
    assert answered(acme) is None
    await acme.publish()
    assert spent(acme) == (1, 1)
    assert (
        answered(acme) == NOTHING == Answer(((b"content-type", b"application/grpc"),), EMPTY, ((b"grpc-status", b"0"),))
    )
    assert spent(acme) == (2, 2)


async def test_it_is_metered_like_any_other(acme: World) -> None:
    reader = acme.subscribe()
    await reader.until(lambda: reader.kinds == ["heartbeat"])
    for _ in range(3):
        await acme.publish()
        answered(acme)
    rows = [numbers for key, numbers in acme.router.seats.meters.window.rows.items() if key[2] == "publish"]
    assert [(row.first, row.second) for row in rows] == [(6, 30)]
    await reader.until(lambda: len(reader.numbers) == 6)


async def test_what_is_refused_at_once_is_counted_once() -> None:
    slow = await world(None, account(limits=Limits(publishes_per_second=1)))
    await slow.publish()
    for _ in range(3):
        answer = answered(slow)
        assert answer is not None
        assert dict(answer.headers)[b"err"] == b"operations_rate_limit_exceeded"
    assert spent(slow) == (4, 1)
    assert slow.router.counts.refused == {("publish", "publish_rate_exceeded"): 3}


async def test_a_cache_that_is_not_known_is_asked_for_first(acme: World) -> None:
    await acme.publish()
    assert answered(acme, publish_request("missing")) is None
    assert spent(acme) == (1, 1)
    assert not acme.router.counts.refused


async def test_a_node_elsewhere_that_is_not_linked_has_to_be_waited_for(
    acme: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await acme.publish()
    monkeypatch.setattr(DirectLink, "local", None)
    monkeypatch.setattr(DirectLink, "is_connected", False)
    assert answered(acme) is None
    assert spent(acme) == (1, 1)


async def test_a_cap_that_throttles_is_asked_once_for_each_publish() -> None:
    cap = Cap("cap-1", "all", "throttle", publishes_per_second=2)
    capped = await world(None, account(caps=(cap,)))
    await capped.router.bearers.bearer(token())
    assert answered(capped) is None
    assert [(await capped.publish()).status for _ in range(3)] == [0, 0, 8]


async def test_nobody_answers_at_once_what_is_traced(acme: World) -> None:
    acme.router.spans = cast("Spans", object())
    assert acme.pubsub.at_once(connection(PUBLISH, publish_request()).scope, None) is None


async def test_an_account_that_is_suspended_publishes_no_more(acme: World) -> None:
    await acme.publish()
    await acme.directory.put_account(account(version=2, suspended=True))
    answer = answered(acme)
    assert answer is not None
    assert dict(answer.headers)[b"grpc-status"] == b"7"


async def test_nobody_answers_what_is_no_publish_or_needs_more_than_its_body(acme: World) -> None:
    nobody = [
        connection(SUBSCRIBE, publish_request()),
        connection(PUBLISH, publish_request(), None, (b"authorization", token().encode())),
        connection(PUBLISH, publish_request(), None, (b"content-type", b"application/json")),
    ]
    assert [acme.pubsub.at_once(client.scope, None) for client in nobody] == [None] * 3
    local = await world(RouterSettings.for_local())
    assert local.pubsub.at_once(connection(PUBLISH, publish_request()).scope, None) is None


def promised(acme: World, *extra: tuple[bytes, bytes]) -> Promise:
    """Ask for a publish whose answer is to come."""
    scope = connection(PUBLISH, publish_request(), None, *extra).scope
    answerer, promise = acme.pubsub.at_once(scope, scope["client"]), Promise()
    assert answerer is not None
    assert answerer.answer(publish_request(), promise) is True
    return promise


@pytest.fixture
async def askers(acme: World, monkeypatch: pytest.MonkeyPatch) -> list[Asker]:
    """Those who have asked a node elsewhere, and wait for its word."""
    await acme.publish()
    waiting: list[Asker] = []

    def begin(_: DirectLink, *asked: object) -> None:
        waiting.append(cast("Asker", asked[-1]))

    monkeypatch.setattr(DirectLink, "local", None)
    monkeypatch.setattr(DirectLink, "begin", begin)
    return waiting


def metered(acme: World) -> int:
    rows = acme.router.seats.meters.window.rows.items()
    return sum(numbers.first for key, numbers in rows if key[2] == "publish")


async def test_a_node_elsewhere_is_asked_and_its_word_is_the_answer(acme: World, askers: list[Asker]) -> None:
    promise = promised(acme)
    assert (len(askers), promise.answer.done(), spent(acme), metered(acme)) == (1, False, (2, 1), 1)
    askers[0].stored()
    askers[0].told(Receipt(7, 2))
    assert await promise.answer == NOTHING
    assert (spent(acme), metered(acme)) == ((2, 2), 2)


@pytest.mark.parametrize(
    ("outcome", "status"), [(Unavailable("the link broke"), b"14"), (DeadlineExceeded("no answer"), b"14")]
)
async def test_what_a_node_elsewhere_does_not_do_is_told(
    acme: World, askers: list[Asker], outcome: Exception, status: bytes
) -> None:
    """A deadline that is ours is no deadline of the client, which waits for longer."""
    promise = promised(acme)
    askers[0].told(outcome)
    assert dict((await promise.answer).headers)[b"grpc-status"] == status
    assert (acme.router.counts.published, metered(acme)) == (1, 1)
    askers[0].stored()  # the word came late, and what is stored is billed
    assert metered(acme) == 2


async def test_a_topic_that_has_moved_is_looked_for(acme: World, askers: list[Asker]) -> None:
    promise = promised(acme)
    askers[0].told(Moved())
    assert await promise.answer == NOTHING
    assert (spent(acme), metered(acme)) == ((2, 2), 2)


async def test_who_waits_no_longer_than_until_its_deadline_is_let_go(acme: World, askers: list[Asker]) -> None:
    """The link keeps a publish whose answer came late or was lost until it knows; that must not hold the client."""
    promise = promised(acme)
    askers[0].told(DeadlineExceeded("no answer"))
    await promise.answer
    gone = weakref.ref(promise)
    del promise
    gc.collect()
    assert gone() is None
    askers[0].stored()
    assert metered(acme) == 2


async def test_a_client_that_waits_for_less_is_told_that_its_deadline_has_passed(
    acme: World, askers: list[Asker]
) -> None:
    promise = promised(acme, (b"grpc-timeout", b"100m"))
    askers[0].told(DeadlineExceeded("no answer"))
    assert dict((await promise.answer).headers)[b"grpc-status"] == b"4"


async def test_an_edge_that_fails_to_take_an_answer_harms_no_other(acme: World, askers: list[Asker]) -> None:
    promise = promised(acme)
    promise.answer.set_result(NOTHING)  # it takes no second one
    askers[0].told(Receipt(7, 2))
    assert acme.router.counts.published == 2
