"""`dunning backup` and `dunning restore`."""

from pathlib import Path

import click

from cli.commands.examples import examples

_data = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of `dunning up --data`.  [default: that of the API key's world, live or sandbox]",
)


@click.command(epilog=examples("dunning backup", "dunning backup /var/backups/dunning.tar.gz"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@_data
def backup(*, file: Path | None, data: Path | None) -> None:
    """Back up the data of `dunning up`'s own server, while it runs or not.

    FILE is a new one; by default it is named for the time, in this folder. The backup is read back before it counts,
    on a server of its own. It holds ids and keyed hashes, and no name, address or token. With DUNNING_REDIS_URL set,
    use your server's own backups. The exit code is 1 if there is no backup afterwards.
    """
    from cli.operate import backup as of_folder

    of_folder.back_up(file, data)


@click.command(epilog=examples("dunning restore dunning-20261101-090000.tar.gz", "dunning restore a.tar.gz --replace"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_data
@click.option("--replace", is_flag=True, help="Put the data that is there aside, and say where.")
def restore(*, file: Path, data: Path | None, replace: bool) -> None:
    """Put a backup's data into the folder of `dunning up`'s own server.

    `dunning up` must not run on it. A server reads the backup first; if it can't, nothing is changed, and the exit code
    is 1. Afterwards `dunning up` heals by itself what was missed since the backup.
    """
    from cli.operate import backup as of_folder

    of_folder.restore(file, data, replace=replace)
