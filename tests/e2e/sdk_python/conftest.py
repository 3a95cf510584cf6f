"""One kind of the Python SDK's clients after the other."""

import sys
from functools import partial
from typing import Any, Protocol

import pytest

from tests.e2e.access import Access

PROGRAM = [sys.executable, "-m", "tests.e2e.sdk_python.program"]


class Sdk(Protocol):
    """Runs a scenario with one kind of client."""

    def __call__(self, scenario: str, **arguments: Any) -> Any: ...


@pytest.fixture(params=["sync", "async"])
def sdk(request: pytest.FixtureRequest, access: Access) -> Sdk:
    return partial(access.run, PROGRAM, style=request.param)
