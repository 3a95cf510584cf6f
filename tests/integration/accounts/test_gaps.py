"""The ledger of gaps: from the batches of routers to REST and to the pages."""

import time

from accounts.gaps.service import DAY_MINUTES
from api.gaps import GapLine
from api.usage import Batch, encode
from tests.integration.accounts.console.visiting import logged_in
from tests.integration.accounts.installation import Installation

HOSTILE = "<b>&amp;"
NOW = int(time.time()) // 60
HOUR_MINUTES = 60


def batch(number: int, minute: int, *gaps: GapLine, router: str = "router-1") -> bytes:
    return encode(Batch(router, "boot", number, b"", minute, [], gaps=gaps))


async def test_what_routers_tell_is_listed_once_and_the_newest_first(here: Installation) -> None:
    client, account_id = await logged_in(here)
    assert (await client.post("/v1/caches", json={"name": "chat"})).status_code == 201
    snapshot = await here.directory.account(account_id)
    assert snapshot is not None
    chat = snapshot.caches["chat"].id
    slow = GapLine(account_id, chat, HOSTILE, "slow_reader", 2, 40, 57)
    told = [
        batch(1, NOW - 3, slow, GapLine("acc_nobody", chat, "secret", "slow_reader", 1)),
        batch(2, NOW - 3, slow._replace(streams=1, after=12, until=50)),
        batch(1, NOW - 3, slow._replace(streams=5, until=60), router="router-2"),
        batch(3, NOW - 1, GapLine(account_id, "", "", "node_loss", 900)),
        batch(4, NOW - 2, GapLine(account_id, "cache-gone", "lobby", "drain", 1, 9, 1)),
    ]
    await here.accounts.ledger.batches.apply(told)
    await here.accounts.ledger.batches.apply(told)

    first = (await client.get("/v1/gaps?limit=2")).json()
    rest = (await client.get("/v1/gaps", params={"next_token": first["next_token"]})).json()
    nothing = {"cache": None, "topic": None, "from_sequence": None, "to_sequence": None}
    assert first["gaps"] == [
        {**nothing, "at_epoch_seconds": (NOW - 1) * 60, "cause": "node_loss", "streams": 900},
        {
            **nothing, "at_epoch_seconds": (NOW - 2) * 60, "topic": "lobby", "cause": "drain", "streams": 1,
            "from_sequence": 9, "to_sequence": 1,
        },
    ]  # fmt: skip
    assert rest == {
        "gaps": [
            {
                "at_epoch_seconds": (NOW - 3) * 60, "cache": "chat", "topic": HOSTILE, "cause": "slow_reader",
                "streams": 8, "from_sequence": 12, "to_sequence": 60,
            }
        ],
        "next_token": None,
    }  # fmt: skip
    for query, count in {"cache=chat": 1, "topic=lobby": 1, "cause=node_loss": 1, "from=2999-01-01": 0}.items():
        assert len((await client.get(f"/v1/gaps?{query}")).json()["gaps"]) == count
    assert (await client.get("/v1/gaps?cause=magic")).status_code == 400
    other, _ = await logged_in(here, "bob")
    assert (await other.get("/v1/gaps")).json()["gaps"] == []

    page = (await client.get("/console/gaps")).text
    assert "&lt;b&gt;&amp;amp;" in page
    assert HOSTILE not in page
    assert "a cache that is gone" in page
    assert "other topics, too many to name" in page
    page = (await client.get("/console/caches/one", params={"cache": "chat"})).text
    assert "slow reader" in page
    assert '/console/gaps?cache=chat"' in page
    page = (await client.get("/console/gaps", params={"cause": "retention"})).text
    assert "No subscriber was told" in page


async def test_what_is_too_old_is_deleted(here: Installation) -> None:
    tenant = await here.tenant()
    days = here.accounts._settings.retention.gaps
    gaps = [GapLine(tenant.id, "cache", f"topic {age}", "link", 1) for age in range(2)]
    border = NOW - days * DAY_MINUTES
    await here.accounts.ledger.batches.apply([batch(1, border - 5, gaps[0]), batch(2, border + HOUR_MINUTES, gaps[1])])
    await here.accounts.ledger.gaps.prune()
    found = (await here.rest(authorization=tenant.key).get("/v1/gaps")).json()["gaps"]
    assert [gap["topic"] for gap in found] == ["topic 1"]
