"""What is wrong with a field, in words."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from accounts.budgets.schemas import NewBudget
from accounts.console.pages import sentence
from accounts.rest.faults import in_words
from accounts.rest.money import Currency, Rate, UnitPrice


def told(kind: TypeAdapter[Any], value: object) -> list[str]:
    """Return what is wrong with a value."""
    with pytest.raises(ValidationError) as refused:
        kind.validate_python(value)
    return [in_words(each) for each in refused.value.errors()]


def test_a_person_is_told_what_to_write_and_no_pattern() -> None:
    assert told(TypeAdapter(NewBudget), {"name": "", "amount": "much"}) == [
        "it must not be empty",
        "it must be an amount, such as 12.50",
    ]
    assert told(TypeAdapter(NewBudget), {"name": "a\x00b", "amount": "1"}) == ["it must be without control characters"]
    assert told(TypeAdapter(UnitPrice), "-1") == ["it must be a price, such as 0.0000005"]
    assert told(TypeAdapter(Rate), "1.5") == ["it must be a part from 0 to 1, such as 0.20"]
    assert told(TypeAdapter(Currency), "dollars") == ["it must be the three letters of a currency, such as USD"]


def test_all_other_faults_are_told_as_they_are() -> None:
    assert told(TypeAdapter(NewBudget), {"name": "x" * 101, "amount": "1"}) == [
        "String should have at most 100 characters"
    ]


def test_a_sentence_that_begins_with_a_field_of_the_api_has_it_as_words() -> None:
    assert sentence("publishes_per_second is at most 5") == "Publishes per second is at most 5."
    assert sentence("'my_cache' is not there!") == "'my_cache' is not there!"
