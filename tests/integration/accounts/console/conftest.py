from pathlib import Path

import pytest

from accounts.database import sqlite_url


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Pages write no SQL of their own, so that one database is enough."""
    return sqlite_url(tmp_path)
