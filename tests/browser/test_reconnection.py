"""The network cut under the Node.js and web SDKs: subscriptions come back by themselves and miss nothing.

TIDINGS_CUT_SECONDS is how long the cut is; both SDKs live through the same one. In 30 s the service gives up a
connection that answers no ping, and the Node.js SDK has noticed and tried again, to no answer.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.browser.chromium import Browser
from tests.e2e.names_proxy import NamesProxy
from tests.e2e.sdk_node.node import program
from tests.e2e.service import ROOT, until
from tests.e2e.tenant import Tenant
from tests.patience import patient

CUT_SECONDS = float(os.environ.get("TIDINGS_CUT_SECONDS", "30"))
BEFORE, DURING = [f"before {n}" for n in range(3)], [f"during {n}" for n in range(50)]
EVERYTHING = [*BEFORE, *DURING, "after", "last"]


@dataclass
class Aftermath:
    """What each SDK reports of the time before, during and after the cut."""

    node: dict[str, Any]
    web: dict[str, Any]


def node_listener(stack: ExitStack, tenant: Tenant, port: int, cache: str) -> subprocess.Popen[str]:
    """Start the listener and return when it has subscribed."""
    settings = {"host": "127.0.0.1", "port": port, "endpoint": None, "key": tenant.key, "cache": cache}
    command = [*program("e2e/sdk_node/program.mjs"), json.dumps({**settings, "scenario": "listenToTheEnd"})]
    process = stack.enter_context(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
    stack.callback(process.kill)
    assert process.stdout
    assert next(line for line in process.stdout if line.startswith('"')) == '"Subscription"\n'
    return process


def cut_and_mend(tenant: Tenant, proxy: NamesProxy, cache: str) -> None:
    """Publish past the proxy while it is cut."""
    proxy.cut()
    mended_at = time.monotonic() + CUT_SECONDS
    for text in DURING:
        tenant.owner.publish(cache, "news", text)
    while (left := mended_at - time.monotonic()) > 0:
        time.sleep(left)  # the length of the cut is what is tested
    proxy.mend()
    for text in EVERYTHING[-2:]:
        tenant.owner.publish(cache, "news", text)


@pytest.fixture(scope="module")
def aftermath(browser: Browser) -> Iterator[Aftermath]:
    with ExitStack() as stack:
        tenant = browser.tenant
        proxy = stack.enter_context(NamesProxy(tenant.service.port, plain=True))
        cache = tenant.new_cache()
        browser = Browser(browser.page, tenant, proxy.url)
        assert browser.run("subscribe", cache=cache, topic="news") == "Subscription"
        listener = node_listener(stack, tenant, proxy.port, cache)
        for text in BEFORE:
            tenant.owner.publish(cache, "news", text)
        browser.wait_for(len(BEFORE))
        cut_and_mend(tenant, proxy, cache)
        output, _ = listener.communicate(timeout=patient(60))
        until(lambda: "last" in browser.heard["texts"], seconds=60, what="the last item in the browser")
        yield Aftermath(json.loads(output.splitlines()[-1]), browser.heard)


@pytest.mark.timeout(patient(300))
def test_the_node_sdk_comes_back_and_misses_nothing(aftermath: Aftermath) -> None:
    assert aftermath.node["texts"] == EVERYTHING
    assert aftermath.node["errors"] == []
    assert aftermath.node["discontinuities"] == 0
    assert aftermath.node["lost"] >= 1


@pytest.mark.timeout(patient(300))
def test_the_web_sdk_comes_back_and_misses_nothing(aftermath: Aftermath) -> None:
    assert aftermath.web["texts"] == EVERYTHING
    assert aftermath.web["errors"] == []
    assert aftermath.web["discontinuities"] == 0
