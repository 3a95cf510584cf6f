"""A real Chromium with a page that has the web SDK, served from another origin than the service's."""

import functools
import http.server
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from tests.e2e.sdk_node.node import PACKAGES, required
from tests.e2e.service import ROOT, until
from tests.e2e.tenant import Tenant
from tests.patience import patient

Result: TypeAlias = Any
"""What a scenario returns, from JSON."""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the library
        pass


def bundled(folder: Path) -> Path:
    """Bundle the page into the folder, and return that."""
    esbuild = PACKAGES / ".bin" / "esbuild"
    required(esbuild.exists(), "the web SDK", "npm install --prefix tests")
    source = ROOT / "tests" / "browser" / "page.mjs"
    bundle = [str(esbuild), str(source), "--bundle", f"--outfile={folder / 'page.js'}", "--define:global=window"]
    subprocess.run([*bundle, "--log-level=error"], check=True, timeout=patient(60))
    (folder / "index.html").write_text('<!doctype html><meta charset="utf-8"><script src="page.js"></script>')
    return folder


@contextmanager
def opened(chromium: Chromium, site: Path) -> Generator[Page]:
    """Serve the page, and open it for somebody new."""
    with _served(site) as url, chromium.new_context() as context:
        page = context.new_page()
        page.goto(url)
        yield page


class Browser:
    """Runs scenarios of the page."""

    def __init__(self, page: Page, tenant: Tenant, url: str) -> None:
        self.page = page
        self.tenant = tenant
        self.url = url

    def run(self, scenario: str, **settings: Any) -> Result:
        """Run a scenario and return what comes of it."""
        told = {"url": self.url, "token": self.tenant.key, **settings}
        return self.page.evaluate("([name, settings]) => window.scenarios[name](settings)", [scenario, told])

    @property
    def heard(self) -> dict[str, Any]:
        """What the subscription has got so far."""
        return self.page.evaluate("window.heard")

    def wait_for(self, count: int, seconds: float = 20) -> dict[str, Any]:
        """Wait for so many items."""
        until(lambda: len(self.heard["texts"]) >= count, seconds=seconds, what=f"{count} items in the browser")
        return self.heard


@contextmanager
def _served(folder: Path) -> Generator[str]:
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
