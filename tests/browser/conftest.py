"""One Chromium, one service."""

from collections.abc import Iterator

import pytest

from tests.browser.chromium import Browser, page
from tests.e2e.service import Service
from tests.e2e.tenant import Tenant


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with (
        page(tmp_path_factory.mktemp("page")) as opened,
        Service("--endpoint", "tidings.test") as service,
        Tenant(service) as tenant,
    ):
        yield Browser(opened, tenant, service.url)
