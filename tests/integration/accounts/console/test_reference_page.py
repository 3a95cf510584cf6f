"""The reference of the REST API: all of it is on the page, and nothing of the page is on another host."""

import re
from pathlib import Path
from typing import Any

from accounts.billing.settings import BillingSettings
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import Installation


async def test_the_reference_shows_each_operation_to_anybody(here: Installation) -> None:
    async with here.rest() as stranger:
        page = await stranger.get("/docs")
    assert page.status_code == 200
    paths: dict[str, Any] = here.accounts.app.openapi()["paths"]
    assert len(re.findall(r'<details class="[^"]*operation"', page.text)) == sum(map(len, paths.values()))
    for path in paths:
        assert f"<code>{path}</code>" in page.text
    assert re.findall(r'(?:src|href)="(?!/|#)[^"]*"', page.text) == []
    assert "script-src 'self'" in page.headers["content-security-policy"]


async def test_each_operation_has_a_summary_an_example_and_who_may_call(here: Installation) -> None:
    document = here.accounts.app.openapi()
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            assert told["summary"], (method, path)
            assert "422" not in told["responses"], (method, path)
            assert set(told["tags"]) <= {tag["name"] for tag in document["tags"]}, (method, path)
            media = told.get("requestBody", {}).get("content", {}).get("application/json", {"example": None})
            assert "example" in media, (method, path)
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_the_examples_of_bodies_are_taken(start: Start, tmp_path: Path) -> None:
    here = await start(billing=BillingSettings(exports_to=str(tmp_path)))
    ada, refused = await here.tenant(), list[tuple[str, str, Any, str]]()
    async with here.rest() as browser:
        answer = await browser.post("/v1/login", json={"email": ada.email, "password": "correct horse battery"})
        assert answer.status_code == 200
        for path, methods in here.accounts.app.openapi()["paths"].items():
            for method, told in methods.items():
                media = told.get("requestBody", {}).get("content", {}).get("application/json")
                if media is None or not told["security"] or "operators" in told["tags"]:
                    continue
                answer = await browser.request(method, re.sub(r"\{\w+\}", "x", path), json=media["example"])
                if answer.status_code == 400:
                    refused.append((method, path, media["example"], answer.text))
    assert not refused, refused
