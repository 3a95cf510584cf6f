"""One visitor of the console: a browser of its own, which notes whatever a page should not do."""

import uuid
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

from tests.e2e.sdk_node.node import PACKAGES, required
from tests.e2e.service import Service
from tests.patience import patient

PASSWORD = "correct horse battery"
AXE = PACKAGES / "axe-core" / "axe.min.js"
EVERY_RULE = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RUN_AXE = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})"
"""Every rule, and everything that it finds wrong; of what it finds right no list is made."""

Theme = Literal["light", "dark"]


class Visitor:
    """A browser with cookies of its own.

    `faults` has errors of the console, errors of scripts, requests to other hosts, and answers of 500 and above.
    """

    def __init__(
        self, browser: Browser, service: Service, *, script: bool = True, width: int = 1280, theme: Theme = "light"
    ) -> None:
        self.service = service
        self.context = browser.new_context(
            base_url=service.url,
            java_script_enabled=script,
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(1000 * patient(20))
        self.faults: list[str] = []
        self.page = self.open()
        self.email = ""

    def open(self) -> Page:
        """Open one more page."""
        page = self.context.new_page()
        page.on("console", self._logged)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url} script: {error}"))
        page.on("request", self._requested)
        page.on("response", self._answered)
        return page

    def close(self) -> None:
        """Leave.

        Raises:
            AssertionError: a page did what it should not.
        """
        self.context.close()
        assert not self.faults, "\n".join(self.faults)
        assert "content security policy" not in self.service.errors

    def sign_up(self, account: str = "Analytical Engines") -> str:
        """Sign up as somebody new, by the form; return the e-mail."""
        self.email = f"{uuid.uuid4().hex[:12]}@example.com"
        self.page.goto("/signup")
        self.fill(account_name=account, email=self.email, password=PASSWORD)
        self.page.get_by_role("button", name="Make the account").click()
        self.page.wait_for_url("**/console/start")
        return self.email

    def fill(self, **values: str) -> None:
        """Fill fields of the form, by their names."""
        for name, value in values.items():
            self.page.locator(f"[name={name}]").fill(value)

    def press(self, button: str) -> None:
        """Press the button with this name."""
        self.page.get_by_role("button", name=button, exact=True).click()

    def new_cache(self, name: str) -> None:
        """Make a cache, by the form."""
        self.page.goto("/console/caches/new")
        self.fill(name=name)
        self.press("Make the cache")
        self.page.get_by_role("heading", name=name, exact=True).wait_for()

    def new_key(self, role: str = "Operator", description: str = "a key") -> str:
        """Make an API key, by the form; return it."""
        self.page.goto("/console/keys/new")
        self.fill(description=description)
        self.page.get_by_role("radio", name=role).check()
        self.press("Make the key")
        return self.page.locator("#new-key").inner_text()

    def violations(self, rules: Sequence[str] = EVERY_RULE) -> list[str]:
        """Return what axe finds wrong with the page."""
        required(AXE.exists(), "axe", "npm install --prefix tests")
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text() + "\n;0")
        found: Any = self.page.evaluate(RUN_AXE, list(rules))
        return [
            f"{self.page.url} {each['id']}: {node['html'][:200]} {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def overflow(self) -> int:
        """Return how many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def _logged(self, message: ConsoleMessage) -> None:
        # A browser writes each refusal there too; whether it was meant is told by `_answered`.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.faults.append(f"{self.page.url} console: {message.text}")

    def _requested(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in {"data", "blob"} and not request.url.startswith(self.service.url):
            self.faults.append(f"{self.page.url} another host: {request.url}")

    def _answered(self, response: Response) -> None:
        worst = 499 if response.request.resource_type in {"document", "fetch"} else 399
        if response.status > worst:
            self.faults.append(f"{self.page.url} {response.status} for {response.url}")
