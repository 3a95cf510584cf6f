"""A spend cap that is reached, as clients of the HTTP API see it: they are told when to come back, if that is known."""

import time
from dataclasses import replace

import pytest

from api.account import Cap, CapMode
from tests.unit.router.http.conftest import Http, body
from tests.unit.router.test_caps import cap, capped

DAY = 86_400


async def hold(http: Http, version: int, cap: Cap) -> None:
    await http.world.directory.put_account(capped(cap, version=version))


@pytest.mark.parametrize("mode", ["stop", "stop_publishing"])
async def test_a_cap_tells_when_its_month_ends(http: Http, mode: CapMode) -> None:
    month_end = int(time.time()) + DAY
    await hold(http, 2, replace(cap(mode), until=month_end))
    refused = await http.publish()
    assert (refused.http_status, body(refused)["code"]) == (429, "spend_cap_reached")
    assert month_end - time.time() <= int(refused.headers[b"retry-after"]) <= DAY
    if mode == "stop":
        assert int((await http.poll()).headers[b"retry-after"]) > 1


@pytest.mark.parametrize("left", [None, -5])
async def test_a_cap_tells_nothing_where_its_end_is_not_known_or_over(http: Http, left: int | None) -> None:
    until = None if left is None else int(time.time()) + left
    await hold(http, 2, replace(cap(), until=until))
    refused = await http.publish()
    assert (refused.http_status, b"retry-after" in refused.headers) == (429, False)


async def test_a_throttle_has_the_next_second_tried(http: Http) -> None:
    await hold(http, 2, replace(cap("throttle"), until=int(time.time()) + DAY))
    refused = [answer for answer in [await http.publish() for _ in range(6)] if answer.http_status == 429]
    assert refused
    assert all(answer.headers[b"retry-after"] == b"1" for answer in refused)
