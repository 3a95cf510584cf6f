"""Roles in the permission builder: what was made over REST is still there after it was saved on a page."""

import re
from html import unescape
from typing import Any

import httpx
import pytest

from accounts.permissions.rules import MOST_RULES
from tests.integration.accounts.console.visiting import logged_in
from tests.integration.accounts.installation import Installation

ITEMS: dict[str, Any] = {"type": "cache", "permissions": ["read"], "caches": {"name": "chat"}, "allowed_cidrs": []}
ONE = "/console/roles/one"


def topic(name: str) -> dict[str, Any]:
    topics = {"name": name}
    return {"type": "topic", "permissions": ["read"], "caches": "*", "topics": topics, "allowed_cidrs": []}


async def made(client: httpx.AsyncClient, *rules: dict[str, Any]) -> str:
    answer = await client.post("/v1/roles", json={"name": "readers", "permissions": rules})
    return str(answer.json()["role_id"])


async def rules_of(client: httpx.AsyncClient, role: str) -> list[dict[str, Any]]:
    return list((await client.get(f"/v1/roles/{role}")).json()["permissions"])


def filled(page: str) -> dict[str, str]:
    """Return what a browser sends of the builder's form where nothing is changed."""
    fields = {
        name: unescape(value)
        for name, value in re.findall(r'<input id="([\w-]+)" name="\1" [^>]*?value="([^"]*)"', page)
    }
    for name, options in re.findall(r'<select id="([\w-]+)" name="\1">(.*?)</select>', page, re.DOTALL):
        fields[name] = re.findall(r'value="([^"]*)" selected', options)[0]
    return fields


@pytest.mark.parametrize("rules", [(ITEMS,), (topic("lobby"), ITEMS)], ids=["alone", "beside topics"])
async def test_rules_about_items_of_caches_stay_where_a_role_is_saved(
    here: Installation, rules: tuple[dict[str, Any], ...]
) -> None:
    client, _ = await logged_in(here)
    role = await made(client, *rules)
    page = (await client.get(ONE, params={"role": role})).text
    assert "items of the cache &#39;chat&#39;" in page
    saved = await client.post(ONE, data={**filled(page), "role": role, "do": "save"})
    assert saved.status_code == 303
    assert await rules_of(client, role) == list(rules)


@pytest.mark.parametrize("rows", [20, 21, MOST_RULES])
async def test_a_role_of_many_rules_is_saved_with_all_of_them(here: Installation, rows: int) -> None:
    client, _ = await logged_in(here)
    rules = [topic(f"room {number}") for number in range(rows)]
    role = await made(client, *rules)
    page = (await client.get(ONE, params={"role": role})).text
    assert ("Add a rule" in page) == (rows < MOST_RULES)
    saved = await client.post(ONE, data={**filled(page), "role": role, "do": "save", "topic-0": "lobby"})
    assert saved.status_code == 303
    assert await rules_of(client, role) == [topic("lobby"), *rules[1:]]


async def test_a_row_is_added_to_twenty(here: Installation) -> None:
    client, _ = await logged_in(here)
    role = await made(client, *(topic(f"room {number}") for number in range(20)))
    page = (await client.get(ONE, params={"role": role})).text
    page = (await client.post(ONE, data={**filled(page), "role": role, "do": "add"})).text
    assert filled(page)["access-20"] == "read"


async def test_the_only_row_can_be_removed_where_a_rule_is_left(here: Installation) -> None:
    client, _ = await logged_in(here)
    role = await made(client, topic("lobby"), ITEMS)
    page = (await client.get(ONE, params={"role": role})).text
    page = (await client.post(ONE, data={**filled(page), "role": role, "do": "remove-0"})).text
    assert "access-0" not in page
    await client.post(ONE, data={**filled(page), "role": role, "do": "save"})
    assert await rules_of(client, role) == [ITEMS]
