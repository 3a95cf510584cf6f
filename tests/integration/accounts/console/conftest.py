from pathlib import Path

import pytest

from tests.integration.accounts.databases import SQLite


@pytest.fixture
def database_url(tmp_path: Path, sqlite: SQLite) -> str:
    """Pages write no SQL of their own, so that one database is enough."""
    return sqlite.new_database(tmp_path)
