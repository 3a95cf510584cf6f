"""Programs to paste say what was asked for, and lead to where this installation is. A browser test runs them."""

import ast
import json

import pytest

from accounts.console.snippets import all_of

EMOJI = '\U0001f600 "quoted" $HOME \u2028 \\'
HERE = "http://127.0.0.1:8080"


def program(id: str, base_url: str = HERE, cache: str = "chat", text: str = "hello") -> str:
    return next(each.text for each in all_of(base_url, "topics.test", cache, "lobby", text) if each.id == id)


def test_a_program_in_python_has_the_text_that_was_asked_for() -> None:
    tree = ast.parse(program("python", cache=EMOJI, text=EMOJI))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert texts.count(EMOJI) == 3


def test_an_escape_is_of_what_a_language_takes_for_a_character() -> None:
    assert f'call("POST", "\U0001f600 {json.dumps(EMOJI)[14:]})' in program("go", text=EMOJI)
    for id in ("node", "browser", "java", "dotnet"):
        assert json.dumps(EMOJI) in program(id, text=EMOJI)


def test_a_text_that_begins_with_an_at_sign_is_no_file_to_curl() -> None:
    assert "--data-raw @/etc/passwd" in program("curl", text="@/etc/passwd")


@pytest.mark.parametrize("id", ["python", "node"])
def test_an_sdk_with_tls_is_told_the_endpoint_and_not_where_the_console_is(id: str) -> None:
    for base_url in ("https://console.test", "https://console.test:443"):
        text = program(id, base_url)
        assert '"topics.test"' in text
        assert "console.test" not in text


def test_the_python_sdk_has_no_program_where_it_cannot_connect() -> None:
    text = program("python", "https://tidings.test:8443")
    assert "8443" in text
    assert ast.parse(text).body == []
    assert "secureConnection: true" in program("node", "https://tidings.test:8443")
