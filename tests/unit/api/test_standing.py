"""What a verified token is worth: revocations, early ends, and rules that need an address."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.account import AccountSnapshot
from api.errors import PermissionDenied, Unauthenticated
from api.permissions import NOBODY, SUPER_USER, Grant
from api.revocations import Revocations
from api.rules import Rule, Selector, network
from api.standing import Standing, ruling, standing
from api.tokens import Claims, Kind
from tests.unit.credentials import account, claims

MADE, LATER = 1_700_000_000, 1_700_000_600
READERS = Grant((Rule("topic", read=True, write=False),))


def disposable(token_id: str = "", issued_at: int = MADE, **others: Any) -> Claims:
    return claims("disposable", publisher_id=token_id, issued_at=issued_at, expires_at=LATER, **others)


def test_each_kind_has_what_it_says() -> None:
    here = account(roles={"readers": READERS})
    assert standing(claims("session"), here) == Standing(SUPER_USER, float("inf"))
    assert standing(claims("key", role_id="readers", expires_at=LATER), here) == Standing(READERS, LATER)
    assert standing(claims("key", role_id="gone"), here).grant == NOBODY
    assert standing(claims("api_token"), here).grant == SUPER_USER
    rules = (Rule("topic", read=True, write=True, topics=Selector("prefix", "room/")),)
    assert standing(disposable(rules=rules), here).grant == Grant(rules)


def test_a_key_that_was_replaced_ends_early_and_never_late() -> None:
    here = account(ends={"key-1": MADE + 60})
    assert standing(claims("key", id="key-1"), here).expires_at == MADE + 60
    assert standing(claims("key", id="key-1", expires_at=MADE + 5), here).expires_at == MADE + 5
    assert standing(claims("key", id="key-2"), here).expires_at == float("inf")


@pytest.mark.parametrize("kind", ["disposable", "api_token"])
def test_what_a_revoked_key_made_is_revoked_with_it(kind: Kind) -> None:
    made = claims(kind, ancestors=("key-0", "key-1"), expires_at=LATER)
    standing(made, account())
    with pytest.raises(Unauthenticated, match="revoked"):
        standing(made, account(revoked=frozenset({"key-1"})))


@pytest.mark.parametrize(
    ("revocations", "revoked"),
    [
        (Revocations(ids={"user-1": MADE + 1}), True),
        (Revocations(ids={"user-1": MADE}), False),
        (Revocations(ids={"user-10": MADE + 1, "user-": MADE + 1}), False),
        (Revocations(prefixes={"user-": MADE + 1}), True),
        (Revocations(prefixes={"user-1": MADE + 1}), True),
        (Revocations(prefixes={"user-11": MADE + 1, "ser-1": MADE + 1}), False),
        (Revocations(prefixes={"": MADE + 1}), True),
        (Revocations(ids={"user-1": MADE - 9}, prefixes={"u": MADE + 1}), True),
    ],
)
def test_disposable_tokens_are_revoked_by_id_and_by_prefix(revocations: Revocations, *, revoked: bool) -> None:
    here = account(revocations=revocations)
    if revoked:
        with pytest.raises(Unauthenticated, match="revoked"):
            standing(disposable("user-1"), here)
    standing(disposable("user-1", issued_at=MADE + 1), here)
    standing(claims("api_token", publisher_id="user-1", issued_at=MADE), here)


@given(
    st.dictionaries(st.text("ab", max_size=3), st.integers(1, 9)),
    st.dictionaries(st.text("ab", max_size=3), st.integers(1, 9)),
    st.text("ab", max_size=4),
)
def test_the_latest_revocation_that_covers_an_id_counts(
    ids: dict[str, int], prefixes: dict[str, int], token_id: str
) -> None:
    covering = [ids[token_id]] if token_id in ids else []
    covering += [until for prefix, until in prefixes.items() if token_id.startswith(prefix)]
    assert Revocations(ids, prefixes).until(token_id) == max(covering, default=0)


def test_who_would_be_let_in_elsewhere_is_told_that_it_is_the_address() -> None:
    office = Grant((Rule("topic", True, True, networks=(network("10.0.0.0/8"),)),))  # noqa: FBT003
    here = account()

    def decide(grant: Grant, address: str) -> object:
        return ruling(grant, here.id, here.caches, "publish", ("cache", "news"), address)

    assert decide(office, "10.1.1.1")
    with pytest.raises(PermissionDenied, match=r"may not publish to topic 'news' of cache 'cache' from 11\.0\.0\.1$"):
        decide(office, "11.0.0.1")
    with pytest.raises(PermissionDenied, match=r"from an unknown address$"):
        decide(office, "")
    with pytest.raises(PermissionDenied, match=r"of cache 'cache'$"):
        decide(READERS, "10.1.1.1")


def test_nobody_stands_in_an_account_that_is_gone_or_suspended() -> None:
    with pytest.raises(Unauthenticated, match="does not exist"):
        standing(claims(), None)
    with pytest.raises(PermissionDenied, match="suspended"):
        standing(claims(), AccountSnapshot("acme", 1, suspended=True))
