"""Calls to a Redis of a test bear a machine that stands still for a while."""

import pytest

from backplane.redis import connection, store

PATIENT_SECONDS = 60.0


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up no call that is answered later than the product waits; a test of giving up sets its bound again."""
    monkeypatch.setattr(store, "CALL_SECONDS", PATIENT_SECONDS)
    for bound in ("CONNECT_SECONDS", "OPERATION_SECONDS", "SENTINEL_SECONDS"):
        monkeypatch.setattr(connection, bound, PATIENT_SECONDS)
