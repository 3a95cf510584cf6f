"""The `tidings` command. A subcommand's module is imported when it is asked for, so that each starts quickly."""

import importlib

import click
from typing_extensions import override

from cli.build import hot_path, refuse_stale
from cli.imports import imports

COMMANDS = {
    "up": "Run everything on this machine.",
    "router": "Run one router of a fleet.",
    "storage": "Run one storage node of a fleet.",
    "accounts": "Run the account service of a fleet.",
    "doctor": "Check a fleet, and say what to do.",
    "backup": "Copy the database of one machine, and put a copy in its place.",
    "account": "Make accounts without a browser.",
    "key": "Make API keys without a browser.",
    "keys": "Rotate the keys that tokens are signed with.",
    "usage": "Prove and export what was used.",
    "billing": "Make plans, give credits, and settle invoices.",
    "operator": "Appoint operators of the installation.",
    "topic": "Publish and subscribe from a shell.",
}
"""Each is a click command of its own name in the module `cli.commands.<name>`."""


class Commands(click.Group):
    """Finds subcommands in modules."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        with imports():
            command = getattr(importlib.import_module(f"cli.commands.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tidings", message=f"%(prog)s %(version)s, hot path {hot_path()}")
def main() -> None:
    """Tidings: publish and subscribe, self-hosted, with the SDKs that exist."""
    refuse_stale()


if __name__ == "__main__":
    main(prog_name="tidings")
