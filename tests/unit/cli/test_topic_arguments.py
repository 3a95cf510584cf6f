"""What `tidings topic` refuses before it asks anybody."""

import pytest
from click.testing import CliRunner

from cli.main import main

NOBODY = ("--endpoint", "http://127.0.0.1:1")
WRONG_ARGUMENTS = 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("subscribe", "chat", "lobby", "--from", str(2**64)), "is not in the range"),
        (("subscribe", "chat", "lobby", "--from", "1", "--page", str(2**64)), "is not in the range"),
        (("subscribe", "chat", "caf\udce9"), "Invalid value for 'TOPIC': it is not UTF-8 text"),
        (("publish", "caf\udce9", "lobby", "hello"), "Invalid value for 'CACHE': it is not UTF-8 text"),
    ],
)
def test_what_the_contract_has_no_room_for_is_a_wrong_argument(words: tuple[str, ...], sentence: str) -> None:
    result = CliRunner().invoke(main, ["topic", *words, *NOBODY])
    assert result.exit_code == WRONG_ARGUMENTS
    assert sentence in result.stderr
