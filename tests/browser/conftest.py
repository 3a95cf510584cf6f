"""One Chromium for all tests in a browser, and one service for those of the web SDK and the pages of its programs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import playwright.sync_api as playwright
import pytest

from tests.browser.chromium import Browser, bundled, opened
from tests.e2e.sdk_node.node import required
from tests.e2e.service import Service
from tests.e2e.tenant import Tenant
from tests.patience import patient

PROGRAMS = ("chromium-headless-shell", "chromium")
"""Chromium as a program of its own for use without a window, or else the whole one.

That draws its tabs and menus also where nobody sees them, and takes twice the processor time for it.
"""


@pytest.fixture(scope="package")
def chromium() -> Iterator[playwright.Browser]:
    executable = next(filter(None, map(shutil.which, PROGRAMS)), None)
    required(executable, "Chromium", "install chromium-headless-shell or chromium")
    playwright.expect.set_options(timeout=1000 * patient(5))
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page that has the web SDK."""
    return bundled(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="package")
def tenant() -> Iterator[Tenant]:
    with Service("--endpoint", "tidings.test") as service, Tenant(service) as tenant:
        yield tenant


@pytest.fixture(scope="module")
def browser(chromium: playwright.Browser, site: Path, tenant: Tenant) -> Iterator[Browser]:
    with opened(chromium, site) as page:
        yield Browser(page, tenant, tenant.service.url)
