"""Mail that stays on this machine, and the choice among all ways."""

import io
import stat
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import TextIO

import pytest

from dunning.addresses.mail_server import parse_mail_url
from dunning.addresses.mailbox import Mailbox
from dunning.reasons import HoldWord
from worker.mail.console import ConsoleTransport
from worker.mail.create import create_transport
from worker.mail.file import FileTransport
from worker.mail.postmark import PostmarkTransport
from worker.mail.resend import ResendTransport
from worker.mail.smtp import Encryption, SmtpTransport
from worker.mail.transport import Outcome, Result, Transport

KEY = "txn_1.first"


def a_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "Zahlung"
    mail.set_content("12,00 €\n", cte="8bit")
    return mail


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def test_a_mail_becomes_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    transport = FileTransport(folder)

    first = await transport.send(a_mail(), recipient="eve@customer.example", key=KEY, before_data=yes)
    again = await transport.send(a_mail(), recipient="eve@customer.example", key=KEY, before_data=yes)
    await transport.close()

    [file] = folder.iterdir()
    assert first == again == Result(Outcome.SENT, "file_written")
    assert file.name == "txn_1.first.eml"
    assert file.read_bytes() == a_mail().as_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_key_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    await FileTransport(tmp_path / "out").send(a_mail(), recipient="", key="../../x\0/y", before_data=yes)

    assert names(tmp_path / "out") == [".._.._x__y.eml"]


@pytest.fixture
def a_file(tmp_path: Path) -> Path:
    file = tmp_path / "file"
    file.touch()
    return file


async def test_a_folder_that_cannot_be_written_is_held_for_the_operator(a_file: Path) -> None:
    transport = FileTransport(a_file / "out")

    result = await transport.send(a_mail(), recipient="", key=KEY, before_data=yes)

    assert result == Result(Outcome.HELD, "file_NotADirectoryError", hold=HoldWord.MAIL_FOLDER)


async def test_a_disk_without_room_is_held_for_the_operator_under_a_word_of_its_own(tmp_path: Path) -> None:
    (tmp_path / f".{KEY}.tmp").symlink_to("/dev/full")
    transport = FileTransport(tmp_path)

    result = await transport.send(a_mail(), recipient="", key=KEY, before_data=yes)

    assert result == Result(Outcome.HELD, "file_no_room", hold=HoldWord.MAIL_DISK)


async def test_a_disk_shows_that_it_has_room_again_without_a_mail(tmp_path: Path) -> None:
    probed = tmp_path / ".probe.tmp"
    probed.symlink_to("/dev/full")
    transport = FileTransport(tmp_path)
    assert await transport.probe() == set()

    probed.unlink()

    assert await transport.probe() == {"mail_disk", "mail_folder", "mail_login"}


@pytest.fixture
def full_disk() -> Iterator[TextIO]:
    with suppress(OSError), Path("/dev/full").open("w", encoding="utf-8") as full:  # to close it fails as well
        yield full


async def test_output_onto_a_disk_without_room_is_held_under_that_word(full_disk: TextIO) -> None:
    result = await ConsoleTransport(full_disk).send(
        a_mail(), recipient="eve@customer.example", key=KEY, before_data=yes
    )

    assert result == Result(Outcome.HELD, "console_no_room", hold=HoldWord.MAIL_DISK)


def test_what_holds_sending_says_what_is_to_be_mended() -> None:
    assert Result(Outcome.HELD, "file_no_room", hold=HoldWord.MAIL_DISK).must_mend == HoldWord.MAIL_DISK
    with pytest.raises(ValueError, match="odd"):
        _ = Result(Outcome.HELD, "odd").must_mend


async def test_a_mail_is_printed() -> None:
    stream = io.StringIO()
    transport = ConsoleTransport(stream)

    result = await transport.send(a_mail(), recipient="eve@customer.example", key=KEY, before_data=yes)
    await transport.close()

    assert result == Result(Outcome.SENT, "console_printed")
    assert stream.getvalue() == "To: eve@customer.example\nSubject: Zahlung\n\n12,00 €\n\n"


async def test_a_closed_terminal_is_held_for_the_operator() -> None:
    stream = io.StringIO()
    stream.close()

    result = await ConsoleTransport(stream).send(a_mail(), recipient="", key=KEY, before_data=yes)

    assert result == Result(Outcome.HELD, "console_closed", hold=HoldWord.MAIL_CONSOLE)


async def test_nothing_is_written_when_before_data_says_no(tmp_path: Path) -> None:
    stream = io.StringIO()
    transports: tuple[Transport, ...] = (FileTransport(tmp_path), ConsoleTransport(stream))

    for transport in transports:
        result = await transport.send(a_mail(), recipient="", key=KEY, before_data=no)
        assert result == Result(Outcome.ABANDONED, "abandoned_before_data")

    assert names(tmp_path) == []
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://127.0.0.1:2525", SmtpTransport),
        ("resend://re_123@default", ResendTransport),
        ("postmark://token@default", PostmarkTransport),
        ("file:///var/mail/out", FileTransport),
        ("console:", ConsoleTransport),
    ],
)
async def test_the_mail_url_says_which_way_mail_leaves(url: str, expected: type) -> None:
    transport = create_transport(parse_mail_url(url), Mailbox(None, "billing@acme.example"))

    assert isinstance(transport, expected)
    await transport.close()


@pytest.mark.parametrize(
    ("url", "tls"),
    [
        ("smtp://127.0.0.1:2525", Encryption.OFF),
        ("smtp://mail.example", Encryption.STARTTLS),
        ("smtp://mail.example?tls=off", Encryption.OFF),
        ("smtps://mail.example", Encryption.IMPLICIT),
    ],
)
async def test_only_loopback_goes_without_tls_unasked(url: str, tls: Encryption) -> None:
    transport = create_transport(parse_mail_url(url), Mailbox(None, "billing@acme.example"))

    assert isinstance(transport, SmtpTransport)
    assert transport._tls is tls
