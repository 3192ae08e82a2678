"""The `dunning` command. Each of its commands is imported when it is wanted, so that none waits for the others."""

from importlib import import_module

import click

from dunning.errors import ConfigurationError

# What a process that was started wrongly ends with, as click does for a wrong option.
WRONG_CONFIGURATION = 2

COMMANDS = {
    "webhooks": "cli.run:webhooks",
    "worker": "cli.run:worker",
    "up": "cli.run:up",
    "cases": "cli.cases.command:cases",
    "pause": "cli.brakes:pause",
    "resume": "cli.brakes:resume",
    "link": "cli.link:link",
    "reconcile": "cli.reconcile:reconcile",
    "campaigns": "cli.campaigns:campaigns",
    "demo": "cli.demo:demo",
    "simulate": "cli.simulate.command:simulate",
}


class LazyGroup(click.Group):
    """The commands above. A wrong setting ends any of them with a line for each problem."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which an operator meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            for problem in error.problems:
                click.echo(problem, err=True)
            ctx.exit(WRONG_CONFIGURATION)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="paddle-dunning", prog_name="dunning")
def main() -> None:
    """Turn declined Paddle renewals into paid ones.

    Settings come from DUNNING_... variables. A wrong one ends the start with a line that says what it should be.
    """


if __name__ == "__main__":
    main(prog_name="dunning")
