"""The account service of a fleet: what it is called, and what its variables make of it."""

import socket

import pytest

from cli.tiers.accounts_tier import announced_id


def test_account_services_in_containers_have_names_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["tidings-accounts-0", "tidings-accounts-1"])
    monkeypatch.setattr(socket, "gethostname", lambda: next(names))
    assert [announced_id(8081) for _ in range(2)] == ["tidings-accounts-0-8081", "tidings-accounts-1-8081"]
