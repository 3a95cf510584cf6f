"""What a check of a token may cost a router: its budget, on any machine that is not much slower than usual."""

from bench.scenarios.interface import Plan
from bench.scenarios.tokens import SCENARIO

KNOWN_MICROSECONDS = 5
FIRST_MICROSECONDS = 200
SLACK = 3


def test_a_token_is_checked_within_its_budget() -> None:
    values = dict(SCENARIO.run(None, Plan(warm_up=0, seconds=0)).values)
    assert set(values) == {figure.key for figure in SCENARIO.figures}
    assert max(values.pop("known"), values.pop("topic")) < KNOWN_MICROSECONDS
    assert max(values.values()) < SLACK * FIRST_MICROSECONDS
