"""`dunning backup` and `dunning restore`: the data of the server that `dunning up` brings."""

from datetime import UTC, datetime
from pathlib import Path

import click

from dunning import log
from dunning.errors import ConfigurationError, NotPossibleError
from dunning.settings.load import data_folder, load_paddle_settings, load_store_settings
from dunning.store.server import backup
from dunning.store.server.backup import Contents


def back_up(file: Path | None, data: Path | None) -> None:
    """Write a backup, and print what it holds.

    Raises:
        ConfigurationError: which data is meant can't be told, or the copy can't be read back.
        ClickException: there is nothing to back up, or the file can't be written.
    """
    log.configure()
    folder = _folder(data)
    target = file or Path(f"dunning-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar.gz")
    try:
        found = backup.back_up(folder, target)
    except NotPossibleError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{target}: {_told(found)}, read back from it.")


def restore(file: Path, data: Path | None, *, replace: bool) -> None:
    """Put a backup's data in place, and print what it holds.

    Raises:
        ConfigurationError: which folder is meant can't be told, it is in use, or the backup can't be read.
        ClickException: it is no backup, or there is data already.
    """
    log.configure()
    folder = _folder(data)
    try:
        found, aside = backup.restore(file, folder, datetime.now(UTC), replace=replace)
    except NotPossibleError as error:
        raise click.ClickException(str(error)) from None
    if aside is not None:
        click.echo(f"What was there before is in {aside}.")
    click.echo(f"{folder}: {_told(found)}. Start `dunning up`: it heals by itself what was missed since.")


def _folder(data: Path | None) -> Path:
    """Return which folder is meant: the one that is named, that of the API key's world, or the only one there is."""
    if data is not None:
        return data.absolute()
    if load_store_settings().redis_url is not None:
        raise click.ClickException(
            "DUNNING_REDIS_URL is set, so the data is not in a folder of ours: use that server's own backups, or name "
            "the folder of a `dunning up` with --data."
        )
    try:
        return data_folder(sandbox=load_paddle_settings().sandbox)
    except ConfigurationError:
        found = [one for one in (data_folder(sandbox=False), data_folder(sandbox=True)) if backup.has_data(one)]
    if len(found) == 1:
        return found[0]
    raise click.ClickException(
        "Is live or sandbox data meant? Set DUNNING_PADDLE_API_KEY, or name the folder with --data."
    )


def _told(found: Contents) -> str:
    return f"{found.open_cases:,} open and {found.ended_cases:,} ended cases"
