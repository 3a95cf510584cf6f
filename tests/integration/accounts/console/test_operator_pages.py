"""The pages of operators of the installation: who comes to them, and what they do to an account."""

import re
import time

import httpx
import pytest

from backplane.interface import Node, Process
from tests.integration.accounts.console.visiting import PERSON, logged_in
from tests.integration.accounts.installation import Installation

ACCOUNTS = "/console/operator/accounts"
ONE = f"{ACCOUNTS}/one"
SYSTEM = "/console/operator/system"
RECONCILIATION = "/console/operator/reconciliation"


async def operating(here: Installation) -> httpx.AsyncClient:
    """Return the browser of an operator."""
    client, _ = await logged_in(here, "olga")
    await here.accounts.operation.operators.appoint("olga@example.com")
    return client


async def test_nobody_else_comes_in_and_nobody_else_sees_the_way(here: Installation) -> None:
    operator = await operating(here)
    client, account = await logged_in(here)
    assert "/console/operator" in (await operator.get("/console")).text
    assert "/console/operator" not in (await client.get("/console")).text
    for path in (
        ACCOUNTS,
        f"{ONE}?account={account}",
        "/console/operator/jobs",
        "/console/operator/plans",
        RECONCILIATION,
    ):
        assert (await operator.get(path)).status_code == 200, path
        assert (await client.get(path)).status_code == 403, path
        assert (await here.rest().get(path)).status_code == 303, path
    forms = {
        f"{ACCOUNTS}/suspend": {"account": account, "reason": "x"},
        f"{ACCOUNTS}/resume": {"account": account},
        f"{ACCOUNTS}/look": {"account": account, "look_reason": "x"},
        f"{ACCOUNTS}/delete": {"account": account, "confirmation": account},
        f"{ACCOUNTS}/limits": {"account": account},
        f"{ACCOUNTS}/limits-plan": {"account": account, "limits_plan": "contract"},
        f"{ACCOUNTS}/price-plan": {"account": account, "plan": "free", "when": "now"},
        "/console/operator/jobs/run": {"job": "accounts.purge"},
    }
    for path, form in forms.items():
        assert (await client.post(path, data=form)).status_code == 403, path
        foreign = await operator.post(path, data=form, headers={"sec-fetch-site": "cross-site"})
        assert foreign.status_code == 403, path
    assert "served" in (await operator.get(ONE, params={"account": account})).text


async def test_accounts_are_found_suspended_and_resumed(here: Installation) -> None:
    operator = await operating(here)
    _, account = await logged_in(here)
    found = (await operator.get(ACCOUNTS, params={"search": "ada@"})).text
    assert re.findall(r"one\?account=([^\"]+)", found) == [account]
    refused = await operator.post(f"{ACCOUNTS}/suspend", data={"account": account, "reason": " "})
    assert (refused.status_code, 'id="reason-wrong"' in refused.text) == (400, True)
    await operator.post(f"{ACCOUNTS}/suspend", data={"account": account, "reason": "<b>unpaid</b>"})
    snapshot = await here.directory.account(account)
    assert snapshot is not None
    assert snapshot.suspended
    found = (await operator.get(ACCOUNTS, params={"suspended": "yes"})).text
    assert "&lt;b&gt;unpaid" in found
    assert "olga" not in re.findall(r"one\?account=([^\"]+)", found)
    assert "No such account" in (await operator.get(ACCOUNTS, params={"search": "ada@", "suspended": "no"})).text
    await operator.post(f"{ACCOUNTS}/resume", data={"account": account})
    snapshot = await here.directory.account(account)
    assert snapshot is not None
    assert not snapshot.suspended


async def test_limits_and_plans_are_given_and_a_wrong_one_stays_in_its_field(here: Installation) -> None:
    operator = await operating(here)
    client, account = await logged_in(here)
    page = (await operator.get(ONE, params={"account": account})).text
    filled = dict(re.findall(r'name="((?:value|hard)-\w+)" type="text" value="(\d*)"', page))
    assert len(filled) == 12
    form = {**filled, "account": account, "value-caches": "3", "hard-caches": "5"}
    assert (await operator.post(f"{ACCOUNTS}/limits", data=form)).status_code == 303
    refused = await client.post("/console/limits", data={"caches": "6"})
    assert "caches is 5 at most" in refused.text.lower()
    wrong = await operator.post(f"{ACCOUNTS}/limits", data={**form, "hard-caches": "many"})
    assert 'id="hard-caches-wrong"' in wrong.text
    assert 'value="many"' in wrong.text
    await operator.post(f"{ACCOUNTS}/limits-plan", data={"account": account, "limits_plan": "contract"})
    wrong = await operator.post(f"{ACCOUNTS}/limits-plan", data={"account": account, "limits_plan": "none"})
    assert 'id="limits_plan-wrong"' in wrong.text
    assert (await client.get("/v1/account")).json()["plan"] == "contract"
    page = (await operator.get(ONE, params={"account": account})).text
    (plan, *_) = re.findall(r'<option value="([^"]+)">', page.split('id="plan"')[1])
    given = await operator.post(f"{ACCOUNTS}/price-plan", data={"account": account, "plan": plan, "when": "now"})
    assert given.headers["location"].endswith("note=plan-assigned")
    unknown = await operator.post(f"{ACCOUNTS}/price-plan", data={"account": account, "plan": "none", "when": "now"})
    assert unknown.status_code == 404


async def test_an_operator_looks_and_changes_nothing_and_is_themselves_again(here: Installation) -> None:
    operator = await operating(here)
    client, account = await logged_in(here)
    await client.post("/console/caches/new", data={"name": "adas cache"})
    assert (
        await operator.post(f"{ACCOUNTS}/look", data={"account": account, "look_reason": "a ticket"})
    ).status_code == 303
    page = (await operator.get("/console/caches")).text
    assert "adas cache" in page
    assert "You look at this account for the installation" in page
    assert "/console/operator/accounts" not in page
    for path in ("/console/team", "/console/limits", "/console/account", "/console/usage", "/console/keys"):
        assert (await operator.get(path)).status_code == 200, path
    assert (await operator.get("/console/security")).status_code == 403
    assert (await operator.post("/console/caches/new", data={"name": "mine"})).status_code == 403
    assert (await operator.get(ACCOUNTS)).status_code == 403
    foreign = await operator.post("/console/operator/look/end", headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    token = operator.cookies["tidings"]
    ended = await operator.post("/console/operator/look/end")
    assert ended.headers["location"] == f"{ACCOUNTS}?note=look-ended"
    assert (await operator.get(ACCOUNTS)).status_code == 200
    assert "adas cache" not in (await operator.get("/console/caches")).text
    assert (await here.rest(authorization=token).get("/v1/account")).status_code == 401
    assert (await operator.post("/console/operator/look/end")).status_code == 303
    assert (await operator.get(ACCOUNTS)).status_code == 200
    log = (await client.get("/console/audit")).text
    assert "GET /console/caches" in log
    assert "impersonation ended" in log


async def test_an_account_is_deleted_by_its_typed_id(here: Installation) -> None:
    operator = await operating(here)
    client, account = await logged_in(here)
    wrong = await operator.post(f"{ACCOUNTS}/delete", data={"account": account, "confirmation": PERSON["account_name"]})
    assert 'id="confirmation-wrong"' in wrong.text
    await operator.post(f"{ACCOUNTS}/delete", data={"account": account, "confirmation": account})
    assert (await client.get("/console")).status_code == 303
    assert (await operator.get(ONE, params={"account": account})).status_code == 404


@pytest.mark.parametrize("name", ["accounts.purge", "usage.prune"])
async def test_a_job_is_hastened(here: Installation, name: str) -> None:
    operator = await operating(here)
    assert name in (await operator.get("/console/operator/jobs")).text
    assert (await operator.post("/console/operator/jobs/run", data={"job": name})).status_code == 303
    assert (await operator.post("/console/operator/jobs/run", data={"job": "none"})).status_code == 404


async def test_the_picture_shows_who_is_there_and_leads_to_what_is_known(here: Installation) -> None:
    operator = await operating(here)
    client, _ = await logged_in(here)
    registry = here.fleet.registry
    for node in ("node-1", "<b>node</b>"):
        await registry.beat(Node(node, "127.0.0.1:7400", boot="b"))
    await registry.announce(Process("router-1", "router", "127.0.0.1:8080", "1.0", 1.0, time.time()))
    page = (await operator.get(SYSTEM)).text
    links = re.findall(r'<a href="#([^"]+)" aria-label="[^"]+"><rect', page)
    assert links == ["router-router-1", "storage-&lt;b&gt;node&lt;/b&gt;", "storage-node-1"]
    assert all(f'id="{link}"' in page for link in links)
    assert page.count('<line class="link"') == 2
    assert "&lt;b&gt;node" in page
    assert "<b>node" not in page
    await registry.leave("node-1")
    part = (await operator.get(f"{SYSTEM}/live")).text
    assert "node-1 left" in part
    assert "<html" not in part
    for path in (SYSTEM, f"{SYSTEM}/live"):
        assert (await client.get(path)).status_code == 403
