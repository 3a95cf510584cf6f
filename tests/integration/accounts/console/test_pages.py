"""The pages as a program sees them: their headers, who is let in, and how long they take with a thousand caches."""

import re
import statistics
import time
from html import unescape

import httpx
import pytest
from starlette.routing import Route

from accounts.caches import repository as caches
from accounts.caches.models import Cache
from accounts.mail.settings import MailSettings, SmtpSettings
from api.usage import PUBLISH, Line
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.console.visiting import PERSON, logged_in
from tests.integration.accounts.installation import Installation

PAGES = (
    "/console",
    "/console/caches",
    "/console/caches/one?cache=cache%207",
    "/console/playground",
    "/console/inspector",
    "/console/usage?span=year&by=cache",
    "/console/limits",
    "/console/audit",
    "/console/team",
    "/console/account",
    "/console/security",
)
COUNTS = 3
"""A page takes less of the processor than counting to a million so many times: that is 50 to 100 ms on most machines,
and what another machine or a busy one makes of either says nothing about the page."""


def count_to_a_million() -> None:
    """Do what takes a known share of any machine's time."""
    counted = 0
    for number in range(1_000_000):
        counted += number


async def entered(here: Installation) -> httpx.AsyncClient:
    return (await logged_in(here))[0]


async def test_a_page_allows_nothing_that_does_not_come_from_here(here: Installation) -> None:
    answer = await here.rest().get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<style|style=|\son\w+=|<script(?! type=\"module\" src=)", answer.text)


async def test_what_a_page_names_is_served_for_ever(here: Installation) -> None:
    client = here.rest()
    names = re.findall(r'(?:href|src)="(/console/assets/[^"]+)"', (await client.get("/")).text)
    assert names
    for name in names:
        asset = await client.get(name)
        assert asset.status_code == 200, name
        assert "immutable" in asset.headers["cache-control"]
        assert asset.headers["content-type"].startswith(("text/css", "text/javascript", "image/svg+xml"))
        assert (await client.get(re.sub(r"assets/\w+/", "assets/other/", name))).status_code == 404


async def test_another_origin_for_topics_is_allowed_and_written_into_programs(start: Start) -> None:
    client = await entered(await start(topics_url="https://cache.tidings.test"))
    await client.post("/console/caches/new", data={"name": "chat"})
    answer = await client.get("/console/caches/one", params={"cache": "chat"})
    assert "connect-src 'self' https://cache.tidings.test;" in answer.headers["content-security-policy"]
    assert "https://cache.tidings.test/topics/chat/hello" in answer.text


async def test_who_is_not_logged_in_comes_back_after_the_log_in(here: Installation) -> None:
    await entered(here)
    stranger = here.rest()
    answer = await stranger.get("/console/keys")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fconsole%2Fkeys")
    answer = await stranger.post("/login", data={**PERSON, "next": "/console/keys"})
    assert answer.headers["location"] == "/console/keys"


async def test_the_log_in_leads_back_to_the_same_page_with_its_query(here: Installation) -> None:
    client = await entered(here)
    await client.post("/console/caches/new", data={"name": "chat & more"})
    page = "/console/caches/one?cache=chat%20%26%20more"
    stranger = here.rest()
    asked = await stranger.get(page)
    form = await stranger.get(asked.headers["location"])
    (back,) = re.findall(r'name="next" value="([^"]*)"', form.text)
    answer = await stranger.post("/login", data={**PERSON, "next": unescape(back)})
    assert answer.headers["location"] == page
    assert (await stranger.get(page)).status_code == 200


async def test_who_sends_a_form_after_the_log_in_has_ended_is_told_and_comes_back_to_it(here: Installation) -> None:
    client = await entered(here)
    page = str(client.base_url.join("/console/caches/one?cache=chat"))
    answer = await here.rest().post("/console/caches/flush", data={"cache": "chat"}, headers={"referer": page})
    led = answer.headers["location"]
    assert led == "/login?next=%2Fconsole%2Fcaches%2Fone%3Fcache%3Dchat&note=nothing-done"
    assert "nothing was done" in (await client.get(led)).text


async def test_what_a_page_has_told_once_is_not_told_again_after_the_log_in(here: Installation) -> None:
    client, page = here.rest(), "/console/caches/one?cache=chat&note=flushed"
    answer = await client.get(page)
    assert answer.headers["location"] == "/login?next=%2Fconsole%2Fcaches%2Fone%3Fcache%3Dchat"
    referer = {"referer": str(client.base_url.join(page))}
    answer = await client.post("/console/caches/flush", data={"cache": "chat"}, headers=referer)
    assert answer.headers["location"] == "/login?next=%2Fconsole%2Fcaches%2Fone%3Fcache%3Dchat&note=nothing-done"
    form = await client.get("/login?note=nothing-done")
    assert re.findall(r'name="back" value="([^"]*)"', form.text)[:1] == ["/login"]


@pytest.mark.parametrize("page", ["https://evil.test/console/keys", "http://[", "about:blank", ""])
async def test_a_page_of_another_host_is_nowhere_to_come_back_to(here: Installation, page: str) -> None:
    answer = await here.rest().post("/console/caches/flush", data={"cache": "chat"}, headers={"referer": page})
    assert answer.headers["location"] == "/login?note=nothing-done"


async def test_the_address_that_a_refused_form_leaves_in_the_browser_leads_to_its_page(here: Installation) -> None:
    client = await entered(here)
    answer = await client.post("/console/theme", data={"theme": "dark", "back": "/console/team/invite"})
    assert answer.headers["location"] == "/console/team/invite"
    routes = [route for route in here.accounts.app.routes if isinstance(route, Route)]
    pages, forms = (
        {route.path for route in routes if method in (route.methods or ()) and route.path.startswith("/console")}
        for method in ("GET", "POST")
    )
    led = {path: (await client.get(path)).headers.get("location") for path in forms - pages}
    assert len(led) > 40
    assert led.items() >= {
        ("/console/team/invite", "/console/team"),
        ("/console/security/sessions/end-others", "/console/security"),
        ("/console/operator/look/end", "/console"),
    }
    assert set(led.values()) <= pages
    assert (await client.get("/console/nowhere")).status_code == 404


@pytest.mark.parametrize("sends_mails", [False, True])
async def test_who_has_forgotten_the_password_is_told_where_the_mail_is(start: Start, *, sends_mails: bool) -> None:
    server = SmtpSettings("127.0.0.1", 9, "Tidings <tidings@example.com>", security="none")
    client = (await start(mail=MailSettings(server if sends_mails else None, "https://tidings.test"))).rest()
    form = (await client.get("/forgotten")).text
    assert ("sends no mails" in form) is not sends_mails
    assert "Yours is written" not in form
    answer = await client.post("/forgotten", data={"email": "ada@example.com"})
    told = (await client.get(answer.headers["location"])).text
    assert ("is on its way" in told, "Ask whoever runs this installation" in told) == (sends_mails, not sends_mails)


@pytest.mark.parametrize("path", ["//evil.test", "/\\evil.test", "https://evil.test", "/a\nb", ""])
async def test_a_log_in_leads_nowhere_else(here: Installation, path: str) -> None:
    await entered(here)
    answer = await here.rest().post("/login", data={**PERSON, "next": path})
    assert answer.headers["location"] == "/console"


async def test_another_sites_page_changes_nothing(here: Installation) -> None:
    client = await entered(here)
    foreign = {"sec-fetch-site": "cross-site"}
    for path, form in (("/console/caches/new", {"name": "a"}), ("/console/keys/new", {"role": "owner"})):
        assert (await client.post(path, data=form, headers=foreign)).status_code == 403
    assert "No caches yet" in (await client.get("/console/caches")).text


async def test_a_wrong_password_says_so_and_keeps_the_e_mail(here: Installation) -> None:
    await entered(here)
    answer = await here.rest().post("/login", data={**PERSON, "password": "something else"})
    assert answer.status_code == 401
    assert "The e-mail or the password is wrong." in answer.text
    assert 'value="ada@example.com"' in answer.text


async def test_reports_of_browsers_are_taken_and_bounded(here: Installation, caplog: pytest.LogCaptureFixture) -> None:
    report = {"csp-report": {"blocked-uri": "https://evil.test/\n" + "x" * 10_000}}
    answer = await here.rest().post("/console/csp-reports", json=report)
    assert answer.status_code == 204
    (line,) = [record.getMessage() for record in caplog.records if "content security policy" in record.getMessage()]
    assert len(line) < 600
    assert "\n" not in line


@pytest.mark.parametrize(
    "report",
    [
        {"csp-report": {"document-uri": "http://test/reset?token=s3cret&a=b#c", "blocked-uri": "inline"}},
        [
            {
                "type": "csp-violation",
                "body": {"documentURL": "http://test/invitation?token=s3cret", "blockedURL": "inline"},
            }
        ],
        {"csp-report": {"referrer": "http://test/login?next=%2Freset%3Ftoken%3Ds3cret", "blocked-uri": "inline"}},
    ],
)
async def test_reports_tell_the_log_no_token_of_a_link_in_a_mail(
    here: Installation, caplog: pytest.LogCaptureFixture, report: object
) -> None:
    """Extensions of browsers put scripts into pages, also into the one that sets a new password."""
    assert (await here.rest().post("/console/csp-reports", json=report)).status_code == 204
    assert "inline" in caplog.text
    assert "s3cret" not in caplog.text


async def test_a_report_without_end_is_none(here: Installation, caplog: pytest.LogCaptureFixture) -> None:
    answer = await here.rest().post("/console/csp-reports", content=b"[" * 60_000)
    assert answer.status_code == 204
    assert "60000 bytes that is not JSON" in caplog.text


async def test_a_page_takes_less_than_counting_to_three_million_with_a_thousand_caches_and_a_year_of_usage(
    here: Installation,
) -> None:
    client = await entered(here)
    account_id = await here.accounts.users.account_of(PERSON["email"])
    today = int(time.time()) // 86_400 * 1440
    line = Line(account_id, "cache_7", PUBLISH, "", 5, 500, 5)
    async with here.accounts.database.transaction() as session:
        hours = [(today - 60 * hour, "router-1", line) for hour in range(366 * 24)]
        await here.accounts.usage.record(session, hours)
        for number in range(1000):
            await caches.add(
                session, Cache(id=f"cache_{number}", account_id=account_id, name=f"cache {number}", durable=False)
            )
    for path in PAGES:
        counts: list[float] = []
        for _ in range(9):
            began = time.process_time()
            assert (await client.get(path)).status_code == 200
            made = time.process_time()
            count_to_a_million()
            counts.append((made - began) / (time.process_time() - made))
        assert statistics.median(counts) < COUNTS, path
