"""The security page by its forms alone, as a browser without scripts sends them."""

import html
import re

import httpx
import zxingcpp
from PIL import Image, ImageDraw
from pyotp.totp import TOTP

from tests.integration.accounts.console.visiting import PERSON, logged_in
from tests.integration.accounts.installation import PASSWORD, Installation

PAGE = "/console/security"
FACTOR = f"{PAGE}/second-factor"
OTHER = "another good password"
MODULE_PIXELS = 4


def scanned(page: str) -> str:
    """Return what a camera reads from the QR code of a page."""
    (side,) = re.findall(r'class="qr".+?viewBox="0 0 (\d+) ', page)
    pixels = int(side) * MODULE_PIXELS
    picture = Image.new("L", (pixels, pixels), "white")
    draw = ImageDraw.Draw(picture)
    for column, row in re.findall(r"M(\d+) (\d+)h1v1h-1z", page):
        x, y = int(column) * MODULE_PIXELS, int(row) * MODULE_PIXELS
        draw.rectangle((x, y, x + MODULE_PIXELS - 1, y + MODULE_PIXELS - 1), fill="black")
    (read,) = zxingcpp.read_barcodes(picture)
    return read.text


async def begun(client: httpx.AsyncClient) -> tuple[str, str]:
    """Begin a second factor; return the page that shows its secret, and the secret."""
    page = await client.post(FACTOR, data={"factor_password": PASSWORD})
    assert page.status_code == 200
    (secret,) = re.findall(r'name="secret" value="(\w+)"', page.text)
    return page.text, secret


async def test_the_password_is_changed_and_other_log_ins_end(here: Installation) -> None:
    client, _ = await logged_in(here)
    elsewhere = here.rest()
    assert (await elsewhere.post("/login", data=PERSON)).status_code == 303
    changed = await client.post(f"{PAGE}/password", data={"password": PASSWORD, "new_password": OTHER})
    assert changed.headers["location"] == f"{PAGE}?note=password-changed"
    assert (await client.get(PAGE)).status_code == 200
    assert (await elsewhere.get(PAGE)).headers["location"].startswith("/login")
    assert (await here.rest().post("/login", data={**PERSON, "password": OTHER})).status_code == 303


async def test_a_wrong_password_is_told_beside_its_field(here: Installation) -> None:
    client, _ = await logged_in(here)
    for form, field in (
        ({"password": "nonsense", "new_password": OTHER}, "password"),
        ({"password": PASSWORD, "new_password": "short"}, "new_password"),
    ):
        refused = await client.post(f"{PAGE}/password", data=form)
        assert refused.status_code in {400, 403}
        assert f'id="{field}-wrong"' in refused.text
    refused = await client.post(FACTOR, data={"factor_password": "nonsense"})
    assert 'id="factor_password-wrong"' in refused.text


async def test_a_second_factor_is_scanned_confirmed_renewed_and_removed(here: Installation) -> None:
    client, _ = await logged_in(here)
    page, secret = await begun(client)
    assert scanned(page) == html.unescape(re.findall(r'id="factor-uri">([^<]+)<', page)[0])
    wrong = await client.post(f"{FACTOR}/confirm", data={"secret": secret, "code": "nonsense"})
    assert 'id="code-wrong"' in wrong.text
    assert secret in wrong.text
    made = await client.post(f"{FACTOR}/confirm", data={"secret": secret, "code": TOTP(secret).now()})
    codes = re.findall(r"\w{4}-\w{4}-\w{4}-\w{4}", made.text)
    assert len(codes) == 10
    assert "Recovery codes left: 10" in (await client.get(PAGE)).text
    renewed = await client.post(f"{FACTOR}/codes", data={"renew_password": PASSWORD, "renew_code": codes[0]})
    newer = re.findall(r"\w{4}-\w{4}-\w{4}-\w{4}", renewed.text)
    assert not set(codes) & set(newer)
    refused = await client.post(f"{FACTOR}/remove", data={"remove_password": PASSWORD, "remove_code": codes[1]})
    assert 'id="remove_code-wrong"' in refused.text
    gone = await client.post(f"{FACTOR}/remove", data={"remove_password": PASSWORD, "remove_code": newer[0]})
    assert gone.headers["location"] == f"{PAGE}?note=factor-removed"


async def test_a_secret_that_is_not_ours_is_not_drawn(here: Installation) -> None:
    client, _ = await logged_in(here)
    answer = await client.post(f"{FACTOR}/confirm", data={"secret": "&issuer=evil", "code": "1"})
    assert answer.status_code == 400
    assert "evil" not in answer.text


async def test_log_ins_are_listed_and_ended(here: Installation) -> None:
    client, _ = await logged_in(here)
    one, two = here.rest(**{"user-agent": "<b>one</b>"}), here.rest(**{"user-agent": "two"})
    for other in (one, two):
        await other.post("/login", data=PERSON)
    page = (await client.get(PAGE)).text
    assert "&lt;b&gt;one" in page
    assert "<b>one" not in page
    (first,) = re.findall(r'&gt;one&lt;.+?name="session" value="([^"]+)"', page, re.DOTALL)
    assert (await client.post(f"{PAGE}/sessions/end", data={"session": first})).status_code == 303
    assert (await one.get("/console")).status_code == 303
    assert (await two.get("/console")).status_code == 200
    assert (await client.post(f"{PAGE}/sessions/end-others")).status_code == 303
    assert (await two.get("/console")).status_code == 303
    assert "this one" in (await client.get(PAGE)).text


async def test_another_person_ends_nobody_elses_log_in_and_another_site_none(here: Installation) -> None:
    client, _ = await logged_in(here)
    other, _ = await logged_in(here, "bob")
    (secret,) = client.cookies.values()
    mine = (await here.accounts.people.sessions.member(secret, "")).session_id
    assert (await other.post(f"{PAGE}/sessions/end", data={"session": mine})).status_code == 404
    foreign = {"sec-fetch-site": "cross-site"}
    for path in (f"{PAGE}/sessions/end-others", f"{PAGE}/password", FACTOR, f"{FACTOR}/remove"):
        assert (await client.post(path, headers=foreign)).status_code == 403
    assert (await client.get(PAGE)).status_code == 200
