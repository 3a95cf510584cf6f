"""What the account service says of a credential is what a router does with it."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.permissions.service import Question, Verdict, decide
from api.account import AccountSnapshot
from api.errors import InvalidArgument, TidingsError
from api.permissions import Grant
from api.revocations import Revocations
from api.rules import Rule
from api.tokens import Claims, Kind
from backplane.key_uses import KeyUseNotes
from backplane.memory import MemoryDirectory, MemoryKeyUses
from backplane.memory_quotas import MemoryQuotas
from router.bearer import Bearers
from router.meters.meters import Meters
from router.sharing import Sharing
from router.tenant import Tenants
from tests.unit.api.test_rules import ACTIONS, ADDRESSES, NAMES, RULES
from tests.unit.credentials import PUBLIC_KEYS, SIGNER, account, claims

KINDS: tuple[Kind, ...] = ("key", "disposable", "session", "refresh", "api_token")


async def routed(snapshot: AccountSnapshot, who: Claims, question: Question) -> str:
    """Return the code with which a router refuses; empty where it does not."""
    directory = MemoryDirectory()
    await directory.put_keys(PUBLIC_KEYS)
    await directory.put_account(snapshot)
    tenants = Tenants(directory, Sharing(MemoryQuotas(), "router-1"))
    bearers = Bearers(directory, tenants, Meters.in_memory(), KeyUseNotes(MemoryKeyUses()))
    try:
        bearer = await bearers.bearer(SIGNER.sign(who))
        ask = bearer.writable if question.action == "publish" else bearer.readable
        ask(question.cache, question.topic, question.address or "")
    except TidingsError as error:
        return error.code
    return ""


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.lists(RULES, max_size=3).map(tuple),
    st.builds(Question, st.sampled_from(ACTIONS), NAMES, NAMES, st.sampled_from(ADDRESSES)),
    st.sampled_from(["", "revoked", "by id", "suspended", "replaced", "expired"]),
)
def test_it_is_what_a_router_decides(kind: Kind, rules: tuple[Rule, ...], question: Question, state: str) -> None:
    snapshot = account(
        caches=("a", "ab"),
        roles={"role": Grant(rules)},
        revoked=frozenset({"token-1"} if state == "revoked" else ()),
        revocations=Revocations(ids={"user-1": 2**40} if state == "by id" else {}),
        suspended=state == "suspended",
        ends={"token-1": 1} if state == "replaced" else {},
    )
    own = () if kind == "key" else rules
    expires_at = 1 if state == "expired" else 2**40
    who = claims(kind, role_id="role", rules=own, permissions=b"", publisher_id="user-1", expires_at=expires_at)
    expected = asyncio.run(routed(snapshot, who, question))
    try:
        verdict = decide(who, snapshot, question)
    except InvalidArgument as error:
        verdict = Verdict(allowed=False, reason=error.message, code=error.code)
    assert (verdict.code, verdict.allowed) == (expected, expected == "")
    assert verdict.rule is None or verdict.rule == rules[verdict.number - 1]


@pytest.mark.parametrize(("address", "allowed"), [(None, True), ("10.0.0.1", True), ("11.0.0.1", False), ("", False)])
def test_without_an_address_it_is_asked_of_whoever_is_where_the_rule_wants(
    address: str | None, *, allowed: bool
) -> None:
    office = Rule.of_words(["topic:w", "*", "*", "10.0.0.0/8"])
    verdict = decide(
        claims("key", role_id="office"),
        account(roles={"office": Grant((office,))}),
        Question("publish", "cache", "news", address),
    )
    assert verdict.allowed is allowed
    if allowed:
        assert verdict.reason == "rule 1 of role 'office' allows it, from 10.0.0.0/8 alone"
