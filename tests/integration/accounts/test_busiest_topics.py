"""The busiest topics of a cache, over REST and on its page."""

from collections.abc import Sequence

import httpx
import pytest

from api.errors import Unavailable
from api.names import Topic
from backplane.busiest import MOST_TOLD, HeardTopics
from router.busy import BusyTopics
from tests.integration.accounts.console.visiting import logged_in
from tests.integration.accounts.installation import Installation

HOSTILE = "<b>&amp;"


class Counted:
    """What one router has counted, and one subscriber of each topic with a short name."""

    def __init__(self) -> None:
        self._busy = BusyTopics()
        self.now = self._busy.now
        self.busiest = self._busy.busiest

    def audiences(self, account: str, cache: str, names: Sequence[str]) -> Sequence[int]:
        return [int(len(name) < 10) for name in names] if account and cache else []


async def cache_of(here: Installation, client: httpx.AsyncClient, account_id: str, name: str) -> Topic:
    assert (await client.post("/v1/caches", json={"name": name})).status_code == 201
    snapshot = await here.directory.account(account_id)
    assert snapshot is not None
    return Topic(account_id, snapshot.caches[name].id, "")


async def test_the_twenty_busiest_are_told_and_shown(here: Installation) -> None:
    client, account_id = await logged_in(here)
    chat = await cache_of(here, client, account_id, "chat")
    await cache_of(here, client, account_id, "quiet")
    counted = Counted()
    stop = here.fleet.busiest.answer(counted)
    for number in range(MOST_TOLD):
        for _ in range(number + 1):
            counted.now.add(chat._replace(name=HOSTILE if number == MOST_TOLD - 1 else f"a long name {number}"), 2000)
    answer = (await client.get("/v1/caches/chat/topics")).json()
    assert answer["complete"]
    assert answer["topics"][0] == {"topic": HOSTILE, "publishes": 100, "bytes": 200_000, "subscriptions": 1}
    assert [(each["publishes"], each["subscriptions"]) for each in answer["topics"][1:]] == [
        (publishes, 0) for publishes in range(99, 80, -1)
    ]
    assert (await client.get("/v1/caches/quiet/topics")).json() == {"topics": [], "complete": True}
    page = (await client.get("/console/caches/one", params={"cache": "chat"})).text
    assert page.count('href="/console/playground?cache=chat&amp;topic=') == 20
    assert "&lt;b&gt;&amp;amp;" in page
    assert HOSTILE not in page
    assert "200\u202f000" in page
    page = (await client.get("/console/caches/one", params={"cache": "quiet"})).text
    assert "Nothing was published here in the last minute." in page
    stop()


async def test_another_accounts_cache_of_the_same_name_tells_of_its_own(here: Installation) -> None:
    (ada, ada_id), (bob, bob_id) = await logged_in(here), await logged_in(here, "bob")
    counted = Counted()
    stop = here.fleet.busiest.answer(counted)
    counted.now.add((await cache_of(here, ada, ada_id, "chat"))._replace(name="secret"), 1)
    assert (await bob.get("/v1/caches/chat/topics")).status_code == 404
    await cache_of(here, bob, bob_id, "chat")
    assert (await bob.get("/v1/caches/chat/topics")).json()["topics"] == []
    stop()


@pytest.mark.parametrize("silent", [False, True])
async def test_routers_that_cannot_be_asked_are_told_of(
    here: Installation, monkeypatch: pytest.MonkeyPatch, *, silent: bool
) -> None:
    async def topics(account: str, cache: str, most: int) -> HeardTopics:
        assert (cache.startswith("cache"), most, account) == (True, 20, account_id)
        if silent:
            return HeardTopics([], is_complete=False)
        raise Unavailable("Redis cannot be reached")

    client, account_id = await logged_in(here)
    await cache_of(here, client, account_id, "chat")
    monkeypatch.setattr(here.fleet.busiest, "topics", topics)
    answer = await client.get("/v1/caches/chat/topics")
    page = await client.get("/console/caches/one", params={"cache": "chat"})
    assert page.status_code == 200
    if silent:
        assert answer.json() == {"topics": [], "complete": False}
        assert "Not every router has answered" in page.text
    else:
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "Routers cannot be asked at this moment" in page.text
        assert "Limits and history" in page.text
