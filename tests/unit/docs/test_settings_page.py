"""The settings page says what the code says."""

import ast
import dataclasses
import importlib
import re
from pathlib import Path

import click
import pytest

from cli.commands.up import up
from cli.variables.tiers import TIERS

PAGE = (Path(__file__).parents[3] / "docs" / "settings.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([\w-]+)` \| (?:`(.*?)`)? *\| .+ \|$", re.MULTILINE)
CLASS = re.compile(r"^`([\w.]+):(\w+)`", re.MULTILINE)


def table_after(heading: str) -> dict[str, str]:
    """Return the first table after `heading`, as defaults by name."""
    after = PAGE[PAGE.index(heading) :]
    table = re.search(r"(?:^\|.*\n)+", after, re.MULTILINE)
    return dict(ROW.findall(table.group())) if table else {}


def test_each_option_of_tidings_up_has_its_row() -> None:
    options = [option for option in up.params if isinstance(option, click.Option) and not option.hidden]
    given = {option.opts[0]: option.default for option in options}
    expected = {name: str(default) if isinstance(default, int | str | Path) else "" for name, default in given.items()}
    assert table_after("## `tidings up`") == expected


@pytest.mark.parametrize(("module", "name"), CLASS.findall(PAGE))
def test_each_field_of_a_class_has_its_row(module: str, name: str) -> None:
    settings = getattr(importlib.import_module(module), name)
    documented = {field: ast.literal_eval(value) for field, value in table_after(f"`{module}:{name}`").items()}
    assert documented == {field.name: field.default for field in dataclasses.fields(settings)}


@pytest.mark.parametrize("tier", sorted(TIERS))
def test_each_variable_of_a_tier_has_its_row(tier: str) -> None:
    fields = {name: TIERS[tier].model_fields[name.removeprefix("TIDINGS_").lower()] for name in TIERS[tier].names()}
    expected = {name: "" if f.is_required() or f.default_factory else str(f.default) for name, f in fields.items()}
    given = table_after(f"### `tidings {tier}`")
    assert given == {name: "" if default == "None" else default for name, default in expected.items()}
