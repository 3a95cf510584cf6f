"""Permissions, against a matcher of a few lines that says the same in the plainest way."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from momento_wire_types import permissionmessages_pb2 as wire

from api.errors import InvalidArgument
from api.permissions import MAX_STATEMENTS, NOBODY, Grant, check_explicit, super_user_permissions
from api.rules import EVERYTHING, Action
from tests.unit.credentials import explicit, topic_permission

Entry = wire.PermissionsType
Topics = wire.PermissionsType.TopicPermissions

READERS = (wire.TopicReadWrite, wire.TopicReadOnly)
WRITERS = (wire.TopicReadWrite, wire.TopicWriteOnly)


def may(grant: Grant, action: Action, cache: str, topic: str) -> bool:
    return grant.allowing(action, cache, topic) is not None


def expected(entries: list[Entry], roles: tuple[int, ...], cache: str, topic: str) -> bool:
    """Say whether one of `entries` with one of `roles` names the topic."""
    for entry in entries:
        rule = entry.topic_permissions
        if not entry.HasField("topic_permissions") or rule.role not in roles:
            continue
        if rule.HasField("cache_selector") and (
            not rule.cache_selector.HasField("cache_name") or rule.cache_selector.cache_name != cache
        ):
            continue
        if not rule.HasField("topic_selector"):
            return True
        chosen = rule.topic_selector
        if chosen.HasField("topic_name") and chosen.topic_name == topic:
            return True
        if chosen.HasField("topic_name_prefix") and topic[: len(chosen.topic_name_prefix)] == chosen.topic_name_prefix:
            return True
    return False


NAMES = st.one_of(
    st.sampled_from(["a", "ab", "a/b", "A", "a%2f", "*", "", "b", "caf\u00e9", "cafe\u0301", "cafe"]),
    st.text("ab/*", max_size=4),
)


@st.composite
def topic_entries(draw: st.DrawFn) -> Entry:
    rule = Topics(role=draw(st.sampled_from([0, 1, 2, 3])))  # pyright: ignore[reportArgumentType] - the stubs want the enum's name
    match draw(st.sampled_from(["unset", "all", "empty", "name"])):
        case "all":
            rule.all_caches.SetInParent()
        case "empty":
            rule.cache_selector.SetInParent()
        case "name":
            rule.cache_selector.cache_name = draw(NAMES)
        case _:
            pass
    match draw(st.sampled_from(["unset", "all", "empty", "name", "prefix"])):
        case "all":
            rule.all_topics.SetInParent()
        case "empty":
            rule.topic_selector.SetInParent()
        case "name":
            rule.topic_selector.topic_name = draw(NAMES)
        case "prefix":
            rule.topic_selector.topic_name_prefix = draw(NAMES)
        case _:
            pass
    return Entry(topic_permissions=rule)


def other_entries() -> st.SearchStrategy[Entry]:
    everything = wire.PermissionsType.CachePermissions(role=wire.CacheReadWrite)
    everything.all_caches.SetInParent()
    return st.sampled_from(
        [Entry(), Entry(cache_permissions=everything), Entry(function_permissions=Entry.FunctionPermissions())]
    )


@settings(max_examples=500)
@given(st.lists(st.one_of(topic_entries(), other_entries()), max_size=4), st.lists(st.tuples(NAMES, NAMES), min_size=5))
def test_a_grant_allows_what_the_plain_matcher_allows(entries: list[Entry], asked: list[tuple[str, str]]) -> None:
    grant = Grant.of(explicit(*entries))
    assert not grant.super_user
    for cache, topic in asked:
        assert may(grant, "subscribe", cache, topic) == expected(entries, READERS, cache, topic)
        assert may(grant, "publish", cache, topic) == expected(entries, WRITERS, cache, topic)


@given(st.text(), st.text())
def test_a_super_user_may_do_everything(cache: str, topic: str) -> None:
    grant = Grant.of(super_user_permissions())
    assert grant.super_user
    assert grant.allowing("subscribe", cache, topic) == grant.allowing("publish", cache, topic) == EVERYTHING


@given(st.text(), st.text())
def test_no_permissions_at_all_allow_nothing(cache: str, topic: str) -> None:
    for nothing in (Grant.of(b""), Grant.of(explicit()), NOBODY):
        assert (may(nothing, "subscribe", cache, topic), may(nothing, "publish", cache, topic)) == (False, False)


@pytest.mark.parametrize(
    ("role", "may_read", "may_write"),
    [
        (0, False, False),
        (wire.TopicReadWrite, True, True),
        (wire.TopicReadOnly, True, False),
        (wire.TopicWriteOnly, False, True),
        (77, False, False),
    ],
)
def test_each_role_allows_its_own(role: int, *, may_read: bool, may_write: bool) -> None:
    grant = Grant.of(explicit(topic_permission(role)))
    assert (may(grant, "subscribe", "c", "t"), may(grant, "publish", "c", "t")) == (may_read, may_write)


def test_a_name_with_spaces_around_is_the_name_that_a_request_with_it_means() -> None:
    grant = Grant.of(explicit(topic_permission(cache=" c ", topic="\u00a0t ")))
    assert may(grant, "publish", "c", "t")
    assert not may(grant, "publish", "c", "t t")
    assert not may(Grant.of(explicit(topic_permission(cache="c", topic=" "))), "publish", "c", "t")
    assert not may(Grant.of(explicit(topic_permission(cache="c", prefix=" "))), "publish", "c", "t")


@pytest.mark.parametrize(
    ("topic", "matches"),
    [("a", True), ("ab", True), ("a/b", True), ("A", False), ("", False), ("b", False), (" a", False), ("a%2f", True)],
)
def test_a_prefix_matches_itself_and_what_begins_with_it(topic: str, *, matches: bool) -> None:
    assert may(Grant.of(explicit(topic_permission(prefix="a"))), "subscribe", "any", topic) is matches


@pytest.mark.parametrize("topic", ["ab", "a/b", "A", "a%2f", "", "*", "a "])
def test_a_name_matches_nothing_but_itself(topic: str) -> None:
    grant = Grant.of(explicit(topic_permission(topic="a")))
    assert may(grant, "subscribe", "any", "a")
    assert not may(grant, "subscribe", "any", topic)


def test_a_star_is_a_name_like_any_other() -> None:
    grant = Grant.of(explicit(topic_permission(cache="*", topic="*")))
    assert may(grant, "subscribe", "*", "*")
    assert not may(grant, "subscribe", "cache", "topic")


def test_a_cache_role_gives_no_right_to_topics() -> None:
    body = Entry.CachePermissions(role=wire.CacheReadWrite)
    body.all_caches.SetInParent()
    grant = Grant.of(explicit(Entry(cache_permissions=body)))
    assert (may(grant, "subscribe", "c", "t"), may(grant, "publish", "c", "t")) == (False, False)


def permissions(*entries: Entry) -> wire.Permissions:
    return wire.Permissions.FromString(explicit(*entries))


@pytest.mark.parametrize("none", [wire.Permissions(), wire.Permissions(super_user=wire.SuperUser), permissions()])
def test_a_list_without_entries_is_refused(none: wire.Permissions) -> None:
    with pytest.raises(InvalidArgument, match="at least one"):
        check_explicit(none)


def test_an_entry_that_says_nothing_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="must name"):
        check_explicit(permissions(Entry()))


def test_a_token_holds_so_many_statements_and_no_more() -> None:
    entries = [topic_permission(topic=str(number)) for number in range(MAX_STATEMENTS + 1)]
    check_explicit(permissions(*entries[:-1]), most=MAX_STATEMENTS)
    check_explicit(permissions(*entries))
    with pytest.raises(InvalidArgument, match="at most 20 permission statements, not 21"):
        check_explicit(permissions(*entries), most=MAX_STATEMENTS)


def all_set() -> Entry:
    body = Topics(role=wire.TopicReadOnly)
    body.all_caches.SetInParent()
    body.all_topics.SetInParent()
    return Entry(topic_permissions=body)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (topic_permission(), topic_permission()),
        (topic_permission(), all_set()),
        (topic_permission(wire.TopicReadOnly, cache="c"), topic_permission(wire.TopicWriteOnly, cache="c")),
        (topic_permission(cache="c", topic="t"), topic_permission(wire.TopicReadOnly, cache="c", topic="t")),
    ],
)
def test_two_entries_for_one_resource_are_refused_whatever_their_roles(one: Entry, other: Entry) -> None:
    with pytest.raises(InvalidArgument, match="same resource"):
        check_explicit(permissions(one, other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (topic_permission(), topic_permission(cache="c")),
        (topic_permission(cache="c", topic="t"), topic_permission(cache="c", prefix="t")),
        (topic_permission(cache="c", topic="t"), topic_permission(cache="d", topic="t")),
        (topic_permission(), Entry(cache_permissions=Entry.CachePermissions(role=wire.CacheReadOnly))),
    ],
)
def test_entries_for_different_resources_stand_side_by_side(one: Entry, other: Entry) -> None:
    check_explicit(permissions(one, other))
