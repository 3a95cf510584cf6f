"""Every error that a client may see is complete, and no SDK takes it for another."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import router
from api import errors
from api.errors import After, TidingsError

ERR_VALUES = {
    "topic_subscriptions_limit_exceeded",
    "operations_rate_limit_exceeded",
    "throughput_rate_limit_exceeded",
    "request_size_limit_exceeded",
}
RESOURCE_EXHAUSTED, INTERNAL = 8, 13
MISREAD_AFTER_EXHAUSTED = ("subscribe", "operations", "throughput", "request limit", "item size", "element size")
"""Words by which SDKs choose what they tell of a limit, where they see no `err`; looked for in this order."""

RECONNECTS = "Received RST_STREAM with code 0"


def family(root: type[TidingsError] = TidingsError) -> Iterator[type[TidingsError]]:
    for error in root.__subclasses__():
        yield error
        yield from family(error)


def everything() -> list[type[TidingsError]]:
    """Return all subclasses, with every module that may define one imported."""
    for module in pkgutil.walk_packages(router.__path__, "router."):
        importlib.import_module(module.name)
    return sorted(set(family()), key=lambda error: error.__name__)


@pytest.mark.parametrize("error", everything())
def test_each_error_says_everything_that_both_protocols_need(error: type[TidingsError]) -> None:
    assert 1 <= error.grpc <= 16
    assert 400 <= error.http <= 599
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)
    assert error.after in get_args(After)
    assert error.err is None or error.err in ERR_VALUES


def test_each_error_has_a_code_of_its_own() -> None:
    codes = [error.code for error in everything()]
    assert len(set(codes)) == len(codes)


def test_an_err_is_told_with_a_limit_only() -> None:
    assert {error.grpc for error in everything() if error.err} == {RESOURCE_EXHAUSTED}


def test_each_err_that_sdks_read_has_an_error() -> None:
    assert {error.err for error in everything()} - {None} == ERR_VALUES


def test_each_status_is_the_one_that_sdks_expect() -> None:
    assert {name: getattr(errors, name).grpc for name in errors.__dict__ if name in EXPECTED} == EXPECTED


EXPECTED = {
    "InvalidArgument": 3,
    "DeadlineExceeded": 4,
    "NotFound": 5,
    "AlreadyExists": 6,
    "PermissionDenied": 7,
    "MessageTooLarge": 8,
    "PublishRateExceeded": 8,
    "ThroughputExceeded": 8,
    "TooManySubscriptions": 8,
    "Unimplemented": 12,
    "Internal": 13,
    "StreamMoved": 13,
    "Unavailable": 14,
    "Unauthenticated": 16,
}


def test_a_moved_stream_is_told_in_the_one_way_after_which_sdks_reconnect() -> None:
    moved = errors.StreamMoved()
    assert (moved.grpc, moved.message, moved.after) == (INTERNAL, RECONNECTS, "resubscribe")
    assert [error for error in everything() if error.after == "resubscribe"] == [errors.StreamMoved]


def test_an_internal_error_is_not_taken_for_a_clients_own_doing() -> None:
    for error in (errors.Internal(), errors.StreamMoved()):
        assert not re.search("AbortSignal|Cancelled on client|h2 protocol error", error.message)


def literals(name: str) -> str:
    """Return all text that an error of this name is made with, in any tier's source."""
    found: list[str] = []
    for package in ("accounts", "api", "backplane", "router", "storage"):
        folder = importlib.import_module(package).__path__[0]
        for path in Path(folder).rglob("*.py"):
            found += re.findall(rf"(?:raise|return) (?:errors\.)?{name}\((.*?)\)\n", path.read_text(), re.DOTALL)
    return " ".join(found)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("TooManySubscriptions", "subscribe"),
        ("PublishRateExceeded", "operations"),
        ("ThroughputExceeded", "throughput"),
        ("MessageTooLarge", "request limit"),
        ("TooManyCaches", None),
    ],
)
def test_the_text_of_a_limit_names_that_limit_and_no_other(name: str, word: str | None) -> None:
    words = [word for word in MISREAD_AFTER_EXHAUSTED if word in literals(name).lower()]
    assert words == ([word] if word else [])


@pytest.mark.parametrize("name", ["NotFound", "AlreadyExists"])
def test_no_text_is_taken_for_a_missing_item_or_store(name: str) -> None:
    text = literals(name).lower()
    assert not re.search("item_not_found|store_not_found|store_already_exists|store with name", text)


def test_an_error_keeps_its_message() -> None:
    error = errors.NotFound("cache 'x' does not exist")
    assert (error.message, str(error)) == ("cache 'x' does not exist",) * 2
