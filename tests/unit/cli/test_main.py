import gc

import click

from cli.main import COMMANDS, main


def test_python_looks_for_cycles_once_a_command_is_imported() -> None:
    context = click.Context(main)
    assert all(main.get_command(context, name) is not None for name in COMMANDS)
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
