"""The group of commands; a command's module is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

import click

from sailc import __version__

# Command, and the module of `sailc.cli` that defines it under that name.
COMMANDS = {
    "new": "new",
    "check": "check",
    "plan": "plan",
    "explain": "explain",
    "emit": "emit",
    "run": "run",
    "rank": "rank",
    "fmt": "fmt",
    "doc": "doc",
    "graph": "graph",
    "show": "show",
    "fixtures": "fixtures",
}
PLUGINS = "sailc.commands"


class Lazy(click.Group):
    """Commands of our own, then those of installed plug-ins."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from importlib.metadata import entry_points

        return [*COMMANDS, *sorted(p.name for p in entry_points(group=PLUGINS))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module = import_module(f"sailc.cli.{COMMANDS[cmd_name]}")
            return getattr(module, cmd_name)
        from importlib.metadata import entry_points

        for point in entry_points(group=PLUGINS, name=cmd_name):
            try:
                return point.load()
            except Exception as error:
                raise click.ClickException(
                    f"the plug-in `{point.value}` cannot be loaded: {error}"
                ) from error
        return None


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="sailc %(version)s")
def cli() -> None:
    """SAIL, a small typed language for scientific AI benchmarks.

    Start with `sailc new DIR`, then `sailc run DIR/first.sail`.
    """
