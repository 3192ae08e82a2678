"""Asks, tries, and writes each answer into the file of settings as it comes."""

import asyncio
import secrets
import sys

import click

from cli.connect.init.questions import QUESTIONS, Question, Values
from dunning import log
from dunning.errors import ConfigurationError, NotPossibleError
from dunning.findings import Level, fails
from dunning.settings.env_file import EnvFile
from dunning.settings.load import load_settings
from dunning.settings.own_environment import begin_file, keep_setting, own_settings

LINK_SECRETS = "DUNNING_LINK_SECRETS"
WEBHOOK_SECRETS = "DUNNING_WEBHOOK_SECRETS"

NOT_FILLED_IN = ("it is missing", "it still holds a placeholder")

RETAIN = """\
Then switch *payment recovery emails* off in Retain's settings, or customers are mailed twice. Leave its retries on:
https://developer.paddle.com/build/retain/configure-payment-recovery-dunning"""


def init() -> None:
    """Ask for what is not there, write it, and say what is next.

    Raises:
        ClickException: the file can't be written, or something set elsewhere would override it.
        Abort: nobody answers any more. What was answered is kept.
    """
    log.configure()
    try:
        path = begin_file()
        asked = [question for question in QUESTIONS if _ask(question)]
        _make_link_secret()
    except NotPossibleError as error:
        raise click.ClickException(str(error)) from None
    except ConfigurationError as error:
        raise click.ClickException("\n".join(error.problems)) from None
    if asked:
        _ask_for_retain()
    else:
        click.echo(f"Nothing to ask: {path} and the environment have every setting.")
    for problem in _problems(own_settings()[0]):
        if not _is_left_open(WEBHOOK_SECRETS, problem):  # which `dunning connect` sets
            click.echo(problem, err=True)
    click.echo(f"The settings are in {path}, readable by you alone. Next:")
    click.echo("  dunning connect    make the notification destination at Paddle")
    click.echo("  dunning doctor     look whether everything is well")
    click.echo("  dunning up         start")
    click.echo("  dunning try        see it work, from a declined renewal to your click")


def _ask(question: Question) -> bool:
    """Ask until the answer is right, and keep it. Return whether anything was asked."""
    values, file = own_settings()
    _check_file(file)
    problem = _problem(question.name, values)
    is_answered = _is_set(question.name, values) or (not question.required and question.name in values)
    if problem is None and (is_answered or not question.wanted(values)):
        return False
    if _is_set(question.name, values) and problem is not None:
        click.echo(problem)
    while True:
        answer = _prompt(question)
        if not answer and not question.required:
            keep_setting(question.name, "")  # answered, and not to be asked again
            return True
        if answer and _is_good(question, {**values, question.name: answer}):
            keep_setting(question.name, answer)
            return True


def _is_good(question: Question, values: Values) -> bool:
    """Tell whether an answer can be read and works, or is wanted although it doesn't work."""
    problem = _problem(question.name, values)
    if problem is not None:
        click.echo(problem)
        return False
    if question.try_out is None:
        return True
    findings = asyncio.run(question.try_out(values))
    for finding in findings:
        if finding.level in {Level.WARNING, Level.FAILURE} or finding.about in {"paddle.key", "mail", "redis"}:
            click.echo(f"  {finding.level}: {finding.means} {finding.do}".rstrip())
    return not fails(findings) or click.confirm("Keep it all the same?", default=False)


def _prompt(question: Question) -> str:
    hidden = question.secret and sys.stdin.isatty()
    answer: str = click.prompt(question.text, default="", show_default=False, hide_input=hidden)
    if not sys.stdin.isatty():
        click.echo()  # nobody's Enter has ended the line
    return answer.strip()


def _ask_for_retain() -> None:
    if click.confirm("Does Paddle Retain mail your customers about failed payments?", default=False):
        click.echo(RETAIN)


def _make_link_secret() -> None:
    """Make the secret once: with another one, every link in a mail would be dead."""
    values, _ = own_settings()
    if _is_left_open(LINK_SECRETS, _problem(LINK_SECRETS, values)):
        keep_setting(LINK_SECRETS, secrets.token_hex(32))
        click.echo(f"Made {LINK_SECRETS}: it signs the links in your mails. Keep it when you move to another machine.")


def _is_left_open(name: str, problem: str | None) -> bool:
    """Tell whether this is about the variable, and says that nobody has set it."""
    return problem is not None and problem.startswith(tuple(f"{name}: {start}" for start in NOT_FILLED_IN))


def _is_set(name: str, values: Values) -> bool:
    return any(values.get(one, "").strip() for one in (name, f"{name}_FILE"))


def _problem(name: str, values: Values) -> str | None:
    """Return what is wrong with a variable; None for nothing, and for one that is not set and need not be."""
    found = [problem for problem in _problems(values) if problem.startswith(f"{name}:")]
    return found[0] if found else None


def _problems(values: Values) -> list[str]:
    try:
        load_settings(values, redis_required=False)
    except ConfigurationError as error:
        return error.problems
    return []


def _check_file(file: EnvFile | None) -> None:
    if file is not None and file.problems:
        raise ConfigurationError(list(file.problems))
