"""Rules, against a reference of a few lines that shares no code with them."""

import ipaddress
import json
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.permissions import Grant
from api.rules import EVERY, NOTHING, Action, Rule, Selector, network

NAMES = st.one_of(
    st.sampled_from(["a", "ab", "a/b", "A", "a%2f", "a%2fb", "*", "", "b", "caf\u00e9", "cafe\u0301", "cafe"]),
    st.text("ab/*", max_size=4),
)
SELECTORS = st.one_of(st.just(EVERY), st.just(NOTHING), st.builds(Selector, st.sampled_from(["name", "prefix"]), NAMES))
ACTIONS: tuple[Action, ...] = ("publish", "subscribe")
RANGES = ["10.0.0.0/8", "10.1.2.3/32", "0.0.0.0/0", "2001:db8::/32", "::1/128", "::/0"]
ADDRESSES = ["10.1.2.3", "11.0.0.1", "2001:db8::7", "::1", "::ffff:10.1.2.3", "fe80::1%eth0", "", "nonsense"]
RULES = st.builds(
    Rule,
    st.sampled_from(["topic", "cache"]),
    st.booleans(),
    st.booleans(),
    SELECTORS,
    SELECTORS,
    st.lists(st.sampled_from(RANGES).map(network), max_size=2).map(tuple),
)


def reference(rules: list[Rule], action: Action, cache: str, topic: str, address: str) -> bool:
    """Say by the page on permissions what is allowed; prefix and name are compared character by character."""
    for rule in rules:
        if rule.type == "cache" or not {"subscribe": rule.read, "publish": rule.write}[action]:
            continue
        named = True
        for (kind, text), name in ((rule.caches, cache), (rule.topics, topic)):
            if kind == "nothing" or (kind == "name" and list(name) != list(text)):
                named = False
            if kind == "prefix" and list(name[: len(text)]) != list(text):
                named = False
        if named and (not rule.networks or within(address, [str(each) for each in rule.networks])):
            return True
    return False


def within(address: str, ranges: list[str]) -> bool:
    plain = address.removeprefix("::ffff:").split("%")[0]
    if not plain or plain == "nonsense":
        return False
    number, family = int(ipaddress.ip_address(plain)), ":" in plain
    for text in ranges:
        base, length = text.split("/")
        drop = (128 if family else 32) - int(length)
        if (":" in base) == family and number >> drop == int(ipaddress.ip_address(base)) >> drop:
            return True
    return False


@settings(max_examples=1_000)
@given(st.lists(RULES, min_size=1, max_size=4), st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=3))
def test_rules_allow_what_the_reference_allows(rules: list[Rule], names: list[tuple[str, str]]) -> None:
    grant = Grant(tuple(rules))
    for action, (cache, topic), address in product(ACTIONS, names, ADDRESSES):  # over 10,000 in all
        decided = grant.allowing(action, cache, topic, address)
        assert (decided is not None) == reference(rules, action, cache, topic, address)
        assert decided is None or reference([decided], action, cache, topic, address)


@given(RULES)
def test_a_rule_is_the_same_after_it_was_written_and_read(rule: Rule) -> None:
    assert Rule.of_words(json.loads(json.dumps(rule.words()))) == rule


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["topic:r"],
        ["topic", "*", "*"],
        ["queue:r", "*", "*"],
        ["topic:r", "", "*"],
        ["topic:r", "chat", "*"],
        ["topic:r", "*", "*", "10.0.0.0/33"],
        ["topic:r", "*", "*", "10.0.0.1/8"],
    ],
)
def test_what_is_no_rule_is_refused(words: list[str]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever it is, the token that holds it is refused
        Rule.of_words(words)


@pytest.mark.parametrize(
    ("address", "admitted"),
    [
        ("192.168.1.7", True),
        ("192.168.2.7", False),
        ("::ffff:192.168.1.7", True),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("", False),
        ("not an address", False),
    ],
)
def test_a_client_is_where_its_address_says(address: str, *, admitted: bool) -> None:
    rule = Rule("topic", True, True, networks=(network("192.168.1.99/24"), network("2001:db8::/32")))  # noqa: FBT003
    assert rule.admits(address) is admitted


def test_a_bare_address_is_a_range_of_one() -> None:
    assert str(network("10.0.0.7")) == "10.0.0.7/32"
    assert str(network("::1")) == "::1/128"
