"""The Node.js SDK, in plaintext and over TLS."""

from functools import partial
from typing import Any, Protocol

import pytest

from tests.e2e.access import Access
from tests.e2e.sdk_node.node import program


class Sdk(Protocol):
    """Runs a scenario."""

    def __call__(self, scenario: str, **arguments: Any) -> Any: ...


@pytest.fixture
def sdk(access: Access) -> Sdk:
    return partial(access.run, program("e2e/sdk_node/program.mjs"))
