"""`GET /v1/admin/usage`: what operators are told of the usage of all accounts."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

import httpx
import pytest

from api.usage import CONCURRENCY, DELIVERY, Line
from tests.integration.accounts.counted import published
from tests.integration.accounts.installation import Installation

PATH = "/v1/admin/usage"
MARCH, APRIL = "2026-03-01", "2026-04-01"


def minute_of(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() // 60)


@pytest.fixture
async def operator(here: Installation) -> AsyncGenerator[httpx.AsyncClient]:
    token, _ = await here.accounts.operation.operators.make_token("a script", None)
    async with here.rest(authorization=token) as client:
        yield client


@pytest.fixture
async def names(here: Installation) -> dict[str, str | None]:
    """Two accounts that used something in March, one of them also in April, and one that was deleted since."""
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    await here.tenant("carol")
    early = [
        published(ada.id, "cache-1", "key:1", 100, 1025),
        published(ada.id, "cache-2", "token:1", 100),
        published(ada.id, "cache-1", "", 100, meter=DELIVERY),
        Line(ada.id, "cache-1", CONCURRENCY, "", peak=3),
        published("acc_gone", "cache-3", "", 4096),
    ]
    counted = [
        *((minute_of("2026-03-02T12:07Z"), "router-1", line) for line in early),
        (minute_of("2026-03-31T23:59Z"), "router-1", published(bob.id, "cache-4", "key:2", 1)),
        (minute_of("2026-04-01T00:00Z"), "router-1", published(bob.id, "cache-4", "key:2", 1, 1)),
    ]
    async with here.accounts.database.transaction() as session:
        await here.accounts.usage.record(session, counted)
    return {ada.id: "ada", bob.id: "bob", "acc_gone": None}


async def asked(operator: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await operator.get(PATH, params={"from": MARCH, "to": APRIL} | query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def operations(found: dict[str, Any]) -> dict[str | None, dict[str, int]]:
    return {
        account["name"]: {used["meter"]: used["operations"] for used in account["usage"] if used["operations"]}
        for account in found["accounts"]
    }


async def test_it_tells_what_each_account_used_in_a_time(
    here: Installation, operator: httpx.AsyncClient, names: dict[str, str | None]
) -> None:
    found = await asked(operator)
    assert (found["start"], found["end"]) == ("2026-03-01T00:00:00+00:00", "2026-04-01T00:00:00+00:00")
    assert {account["account_id"]: account["name"] for account in found["accounts"]} == names
    assert operations(found) == {"ada": {"publish": 4, "delivery": 1}, "bob": {"publish": 1}, None: {"publish": 4}}
    (ada,) = (account for account in found["accounts"] if account["name"] == "ada")
    assert {used["meter"]: used["peak"] for used in ada["usage"]}["concurrency"] == 3
    assert operations(await asked(operator, **{"from": APRIL, "to": "2026-04-02"})) == {"bob": {"publish": 2}}
    assert operations(await asked(operator, **{"from": "2026-03-02T12:07Z", "to": "2026-03-02T12:15Z"})) == {
        "ada": {"publish": 4, "delivery": 1},
        None: {"publish": 4},
    }
    assert operations(await asked(operator, **{"from": "2026-03-02T12:15Z", "to": "2026-03-31T23:45Z"})) == {}


async def test_it_comes_in_pages(operator: httpx.AsyncClient, names: dict[str, str | None]) -> None:
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 1}
    while True:
        found = await asked(operator, **query)
        seen += [account["account_id"] for account in found["accounts"]]
        if found["next_token"] is None:
            break
        query["next_token"] = found["next_token"]
    assert seen == sorted(names)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"from": APRIL, "to": MARCH}, "'to' must be after 'from'"),
        ({"from": "yesterday"}, "'from' must be a date"),
        ({"limit": 101}, "limit"),
        ({"next_token": "x"}, "next_token"),
    ],
)
async def test_a_question_that_cannot_be_is_refused(
    operator: httpx.AsyncClient, query: dict[str, Any], said: str
) -> None:
    answer = await operator.get(PATH, params={"from": MARCH, "to": APRIL} | query)
    assert (answer.status_code, said in answer.json()["message"]) == (400, True)


async def test_without_a_time_it_is_of_this_month(operator: httpx.AsyncClient) -> None:
    found = (await operator.get(PATH)).json()
    assert found["start"][8:] == "01T00:00:00+00:00"
    assert found["accounts"] == []
