"""A command with verbs of its own, listed with whole sentences: click cuts them to the end of a line."""

import click
from typing_extensions import override

_WHOLE = 1000


class Verbs(click.Group):
    """A group whose help wraps what its commands do."""

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        verbs = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.get_short_help_str(_WHOLE)) for name, verb in verbs if verb])
