"""Lines of the log: one form for ours and for those of libraries, without secrets, each on one line."""

import io
import json
import logging
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from api.log_context import bind, binding, bound
from cli.logs.redaction import REDACTED, without_secrets
from cli.logs.rendering import formatter

SECRETS = [
    "eyJhbGciOiJFZERTQSJ9.eyJ0IjoiYSJ9.c2lnbmF0dXJl",
    "eyJlbmRwb2ludCI6ImxvY2FsaG9zdCIsImFwaV9rZXkiOiJhYmMifQ==",
    "tdop_Zk3vQ8YbZk3v",
    "whsec_9f8e7d6c5b4a",
    "sk_live_4eC39HqLyjW",
    "q3Zk9vQ8YbJm2Xw7Lr5Tn1Pc4Hd6Gf0Ks-Ua_EoIyBz",
    "ada.lovelace+test@example.com",
]
SPARED = ["2026-11-26", "acc_3kZc7YbQ4mHeW2dnZ0aK", "accounts/rest/entrance.py", "0" * 64, "node-1", "a" * 60]


@contextmanager
def log(*, as_json: bool) -> Generator[tuple[logging.Logger, io.StringIO]]:
    out, logger = io.StringIO(), logging.getLogger("tests.of.the.log")
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter(json=as_json, colors=False))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield logger, out
    finally:
        logger.removeHandler(handler)


def test_a_line_is_an_object_that_says_when_what_and_for_whom() -> None:
    with log(as_json=True) as (logger, out), binding(request_id="r-1"):
        bind(account="acc_1")
        logger.warning("topic '%s' moved", "news", extra={"cache": "chat"})
    line = json.loads(out.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "tests.of.the.log",
        "request_id": "r-1",
        "account": "acc_1",
        "cache": "chat",
        "message": "topic 'news' moved",
    }
    assert bound() == {}


def test_a_text_of_uvicorn_is_shown_once() -> None:
    with log(as_json=True) as (logger, out):
        logger.info("Started process [%d]", 7, extra={"color_message": "Started process [\u001b[36m%d\u001b[0m]"})
    line = json.loads(out.getvalue())
    assert (line["message"], "color_message" in line) == ("Started process [7]", False)


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_comes_through(secret: str, *, as_json: bool) -> None:
    with log(as_json=as_json) as (logger, out):
        logger.info("sent %s, to nobody", secret)
        logger.info("sent", extra={"detail": {"at": f"'{secret}'"}})
        try:
            raise ValueError(secret)
        except ValueError:
            logger.exception("it failed")
    assert secret not in out.getvalue()
    assert out.getvalue().count(REDACTED) >= 3


@pytest.mark.parametrize(
    "name", ["password", "new_password", "token", "Authorization", "cookie", "payload", "value", "api_key", "secret"]
)
def test_a_member_of_such_a_name_is_never_shown(name: str) -> None:
    with log(as_json=True) as (logger, out):
        logger.info("x", extra={name: "hunter2", "about": {name: "hunter2"}})
    assert "hunter2" not in out.getvalue()


@pytest.mark.parametrize("text", SPARED)
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_secrets(f"the {text}: gone") == f"the {text}: gone"


def test_the_password_in_a_url_is_taken_out() -> None:
    assert without_secrets("redis://me:hunter2@host:6379 is away") == f"redis://{REDACTED}@host:6379 is away"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_hostile_name_begins_no_line_and_does_not_speak_to_the_terminal(*, as_json: bool) -> None:
    hostile = "x\r\n2026-01-01T00:00:00Z [error] all is lost\x1b[2J\u2028\u202e"
    with log(as_json=as_json) as (logger, out):
        logger.warning("no topic '%s'", hostile, extra={"cache": hostile})
    assert out.getvalue().count("\n") == 1
    assert out.getvalue().rstrip("\n").isprintable()


def test_the_lines_of_an_exception_are_indented_on_a_terminal() -> None:
    with log(as_json=False) as (logger, out):
        try:
            raise ValueError("one\ntwo\x1b[2J")
        except ValueError:
            logger.exception("it failed")
    first, *rest = out.getvalue().rstrip("\n").split("\n")
    assert "it failed" in first
    assert rest
    assert all(line.startswith("    ") for line in rest)
    assert "\x1b" not in out.getvalue()
