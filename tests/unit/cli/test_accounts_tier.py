"""The account service of a fleet: what it is called, and what its variables make of it."""

import socket

import pytest

from cli.tiers.accounts_tier import accounts_settings, announced_id
from cli.variables.tiers import AccountsVariables


def test_account_services_in_containers_have_names_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["tidings-accounts-0", "tidings-accounts-1"])
    monkeypatch.setattr(socket, "gethostname", lambda: next(names))
    assert [announced_id(8081) for _ in range(2)] == ["tidings-accounts-0-8081", "tidings-accounts-1-8081"]


@pytest.mark.parametrize(
    ("public_url", "tls"), [("", False), ("http://tidings.test", False), ("https://tidings.test", True)]
)
def test_log_ins_are_bound_to_tls_where_another_ends_it(
    public_url: str, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_REDIS_URL", "redis://127.0.0.1:6379")
    monkeypatch.setenv("TIDINGS_DATA", "data")
    monkeypatch.setenv("TIDINGS_ENDPOINT", "tidings.test")
    monkeypatch.setenv("TIDINGS_DATABASE_URL", "sqlite+aiosqlite:///tidings.db")
    monkeypatch.setenv("TIDINGS_PUBLIC_URL", public_url)
    assert accounts_settings(AccountsVariables.read()).tls == tls
