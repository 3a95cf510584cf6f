"""One service for the console's tests; each of them signs up as somebody new, in a browser without cookies."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.console.visit import Visitor
from tests.e2e.service import Service

Visit = Callable[..., Visitor]
"""Opens a browser for one more visitor; settings as keywords."""


@pytest.fixture(scope="package")
def service() -> Iterator[Service]:
    """A running service, each of whose accounts may turn the clock that its bills go by."""
    with Service(env={"TIDINGS_TEST_CLOCKS": "true"}) as service:
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
