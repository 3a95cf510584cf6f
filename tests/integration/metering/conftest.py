from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.integration.metering.parts import Installation


@pytest.fixture
async def here(tmp_path: Path) -> AsyncGenerator[Installation]:
    """Routers that count and services that apply, with a backplane between them that may fail."""
    installation = Installation(tmp_path)
    await installation.start()
    yield installation
    await installation.close()
