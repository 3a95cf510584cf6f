"""One Chromium and one service for the tests of a module; each test signs up as somebody new."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.console.visit import Visitor
from tests.e2e.sdk_node.node import required
from tests.e2e.service import Service

Visit = Callable[..., Visitor]
"""Opens a browser for one more visitor; settings as keywords."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    required(executable, "Chromium", "install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service() as service:
        yield service


@pytest.fixture
def visit(chromium: Browser, service: Service) -> Iterator[Visit]:
    visitors: list[Visitor] = []

    def one_more(**settings: Any) -> Visitor:
        visitors.append(Visitor(chromium, service, **settings))
        return visitors[-1]

    yield one_more
    for visitor in visitors:
        visitor.close()


@pytest.fixture
def ada(visit: Visit) -> Visitor:
    """Somebody who has just signed up."""
    visitor = visit()
    visitor.sign_up()
    return visitor
