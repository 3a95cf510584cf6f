"""Bounds whose reaching no other test tries, made small so that they are reached."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from accounts.batches import admission
from accounts.batches.admission import Admission
from api import topic_names
from api.errors import InvalidArgument, Unavailable
from api.names import Topic
from api.outbox import Outbox
from api.seals import Seals
from api.tokens import pack_credential
from api.topic_names import TopicNames
from backplane import placement
from backplane.interface import Delivered, Node, NodeMap, UsageBatch
from backplane.placement import Placement
from router import bearer
from router.bearer import Bearer
from router.http.request import MAX_QUERY_FIELDS, HttpRequest
from router.links import remote
from router.links.remote import RemoteLink
from storage import answered, session
from storage.answered import Links
from storage.node import Node as StorageNode
from storage.ownership import SoleOwnership
from storage.session import Session
from tests.unit.api.test_fuzzing import Nobody
from tests.unit.credentials import token
from tests.unit.router.parts import world

TOPIC = Topic("acme", "cache", "topic")


async def test_tokens_that_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bearer, "REMEMBERED_TOKENS", 3)
    made = await world()
    for number in range(10):
        await made.router.bearers.bearer(token(id=f"token-{number}"))
        assert len(made.router.bearers._known) <= 3


async def test_topics_that_a_token_published_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bearer, "REMEMBERED_TOPICS", 3)
    made = await world()
    who = await made.router.bearers.bearer(token())
    for number in range(10):
        who.writable("cache", f"topic-{number}")
        assert len(who._writable) <= 3


async def test_tokens_that_are_remembered_in_all_their_packings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bearer, "REMEMBERED_CHARACTERS", 5_000)
    made = await world()
    for number in range(100):
        packed = pack_credential(f"{number}.example.com" + "x" * 1000, token())
        await made.router.bearers.bearer(packed)
        assert made.router.bearers.known(packed) is not None
        assert sum(map(len, made.router.bearers._known)) <= 5_000


async def test_topics_that_all_tokens_published_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bearer, "REMEMBERED_DECISIONS", 20)
    made = await world()
    for number in range(50):
        who = await made.router.bearers.bearer(token(id=f"token-{number}"))
        for topic in range(7):
            who.writable("cache", f"topic-{topic}")
        assert sum(len(each._writable) for each in made.router.bearers._known.values()) <= 20


async def test_topics_of_tokens_that_subscriptions_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are there as long as the subscriptions, though the tokens are not known any more."""
    monkeypatch.setattr(bearer, "REMEMBERED_TOKENS", 3)
    monkeypatch.setattr(bearer, "REMEMBERED_DECISIONS", 20)
    made = await world()
    held: list[Bearer] = []
    for number in range(50):
        held.append(await made.router.bearers.bearer(token(id=f"token-{number}")))
        for topic in range(5):
            held[-1].writable("cache", f"topic-{topic}")
        assert sum(len(each._writable) for each in held) <= 15


def test_owners_that_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "REMEMBERED_TOPICS", 3)
    placed = Placement(NodeMap(1, {"node-1": Node("node-1", "127.0.0.1:1", boot="a")}))
    for number in range(10):
        placed.owner(Topic("acme", "cache", f"topic-{number}"))
        assert len(placed._remembered) <= 3


def test_topics_that_a_link_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic_names, "REMEMBERED_TOPICS", 3)
    names = TopicNames()
    for number in range(10):
        topic = Topic("acme", "cache", f"topic-{number}")
        assert names.topic_of(names.bytes_of(topic)) == topic
        assert max(len(names._bytes), len(names._topics)) <= 3


def test_fields_of_a_query() -> None:
    scope: dict[str, Any] = {"method": "GET", "path": "/topics/cache/topic", "headers": []}
    HttpRequest({**scope, "query_string": b"&".join([b"a=1"] * MAX_QUERY_FIELDS)})
    with pytest.raises(InvalidArgument, match="more than 32 fields"):
        HttpRequest({**scope, "query_string": b"&".join([b"a=1"] * (MAX_QUERY_FIELDS + 1))})


async def test_what_waits_for_a_storage_node() -> None:
    link = RemoteLink("127.0.0.1:1", Nobody())
    link._outbox = Outbox(1000)
    with pytest.raises(Unavailable, match="does not keep up"):
        await link.publish(TOPIC, bytes(1001), b"", 1.0, lambda: None)
    assert link.waiting_bytes == 0
    assert not link._published


async def test_publishes_whose_fate_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "MOST_UNSURE", 3)
    link = RemoteLink("127.0.0.1:1", Nobody())
    for number in range(10):
        asker = remote._Awaited(lambda: None)
        link._published.add(number, asker, asyncio.get_running_loop().time() + 60)
        link._disconnected()
        assert isinstance(asker.receipt.exception(), Unavailable)
        assert len(link._unsure) <= 3
    assert list(link._unsure) == [7, 8, 9]


def test_publishes_that_a_node_remembers() -> None:
    known = Links().joined("link", lambda: None)
    known.stored.extend(range(answered.MOST_REMEMBERED + 10))
    assert len(known.stored) == answered.MOST_REMEMBERED


async def test_what_waits_for_a_router(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MAX_WAITING_BYTES", 1000)
    node = StorageNode("node-1")
    slow = Session(node, SoleOwnership())
    node.subscribe(TOPIC, slow, 0, 0)
    slow._watches[TOPIC] = 1
    while not slow.overflowed.is_set():
        node.publish(TOPIC, bytes(100), b"")
        assert slow.outbox.waiting_bytes <= 1000


@pytest.mark.parametrize(("most", "most_bytes"), [(3, 10**6), (10**6, 300)])
async def test_usage_that_is_kept_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, most_bytes: int
) -> None:
    monkeypatch.setattr(admission, "MOST_KEPT", most)
    monkeypatch.setattr(admission, "MOST_KEPT_BYTES", most_bytes)
    sorting = Admission(Seals([bytes(32)], "usage"), tmp_path / "aside")
    forged = [Delivered(str(n), UsageBatch("x", bytes([n]) * 100)) for n in range(10)]
    assert await sorting.sort(forged) == ([], forged)
    assert sorting.refused == 10
    assert len(list((tmp_path / "aside").iterdir())) == 3
