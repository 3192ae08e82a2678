"""Several brands at work: each debt is mailed about by its own, from its own address."""

from pathlib import Path

import pytest

from cli.lab.mailbox.server import MailServer
from dunning.addresses.mail_server import parse_mail_url
from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import Brand, Brands
from dunning.reasons import HoldWord
from dunning.rules.delivery import DeliveryState
from tests.dunning_process import ENVIRONMENT, dunning
from tests.integration.house import AT_ONCE, house
from tests.integration.several_debts import decline, working
from tests.integration.smtp_sending import SENDER, a_mail, send
from worker.mail.create import create_transport
from worker.mail.smtp import Encryption, SmtpTransport

BRANDS = """
[brand]
name = "Acme"

[brand.nippon]
when = { currency = "JPY" }
name = "Acme Nippon"
from = "Acme Nippon <pay@nippon.example>"
reply_to = "help@nippon.example"
"""


async def test_debts_of_two_brands_are_two_mails_each_from_its_own(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=AT_ONCE + BRANDS, working=False) as home:
        customer = home.twin.world.add_customer(name="Ada Example", email="ada@customer.example")
        yen = home.twin.world.add_subscription(customer, product="Atlas", currency="JPY")
        dollars = home.twin.world.add_subscription(customer, product="Compass")
        debts = [decline(home, one, "expired_card") for one in (yen, dollars)]
        async with working(home):
            assert [await home.delivery_ended(debt) for debt in debts] == [DeliveryState.SENT] * 2
        by_sender = {mail.envelope_from: mail for mail in home.mailbox.mails}

    nippon = by_sender.pop("pay@nippon.example")
    ((other_sender, acme),) = by_sender.items()
    assert str(nippon.message["From"]) == "Acme Nippon <pay@nippon.example>"
    assert str(nippon.message["Reply-To"]) == "help@nippon.example"
    assert "Atlas" in nippon.text
    assert ".en~nippon." in nippon.text
    assert "Compass" not in nippon.text
    assert "Kind regards,\nAcme Nippon\n" in nippon.text.replace("\r\n", "\n")
    assert other_sender in str(acme.message["From"])
    assert "Compass" in acme.text
    assert "~" not in acme.text
    assert "Atlas" not in acme.text


async def test_two_debts_of_one_brand_share_a_mail(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=AT_ONCE + BRANDS, working=False) as home:
        customer = home.twin.world.add_customer(name="Ada Example", email="ada@customer.example")
        debts = [
            decline(home, home.twin.world.add_subscription(customer, product=name, currency="JPY"), "expired_card")
            for name in ("Atlas", "Compass")
        ]
        async with working(home):
            ended = {await home.delivery_ended(debt) for debt in debts}
        (mail,) = home.mailbox.mails

    assert ended == {DeliveryState.SENT, DeliveryState.SKIPPED}
    assert mail.envelope_from == "pay@nippon.example"
    assert "Atlas" in mail.text
    assert "Compass" in mail.text


async def test_the_envelope_names_the_sender_that_the_header_does() -> None:
    async with MailServer() as server:
        transport = SmtpTransport("127.0.0.1", server.port, sender=SENDER, tls=Encryption.OFF)
        other = a_mail()
        other.replace_header("From", "Acme Nippon <pay@nippon.example>")
        for mail in (a_mail(), other, a_mail()):  # the last two over a kept connection
            await send(transport, mail)
        await transport.close()

    assert [mail.envelope_from for mail in server.mails] == [SENDER, "pay@nippon.example", SENDER]


@pytest.mark.parametrize(
    ("answers", "mended"),
    [
        ([250, 250], frozenset({HoldWord.MAIL_LOGIN, HoldWord.MAIL_SENDER})),
        ([250, 550], frozenset({HoldWord.MAIL_LOGIN})),
    ],
    ids=["both", "one"],
)
async def test_a_sender_is_mended_when_the_server_takes_that_of_every_brand(
    answers: list[int], mended: frozenset[str]
) -> None:
    async with MailServer() as server:
        for code in answers:
            server.answer("mail", code)
        transport = create_transport(
            parse_mail_url(server.url),
            Mailbox(None, SENDER),
            Brands(Brand(), (Brand(key="nippon", sender=Mailbox(None, "pay@nippon.example")),)),
        )
        assert await transport.probe() == mended
        await transport.close()

    assert server.planned.get("mail", []) == []


@pytest.mark.parametrize(
    ("brand", "changes", "silent"),
    [
        ('[brand]\nsupport = "help@acme.example"\n', {}, None),
        (BRANDS, {}, ["brand"]),
        (BRANDS + '[brand.euro]\nwhen = { currency = "EUR" }\n', {}, ["brand.euro", "brand"]),
        (BRANDS, {"DUNNING_MAIL_REPLY_TO": "help@acme.example"}, None),
    ],
    ids=["support", "one", "two", "reply_to"],
)
def test_a_brand_without_a_way_to_a_human_is_warned_of(
    redis_url: str, tmp_path: Path, brand: str, changes: dict[str, str], silent: list[str] | None
) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text(AT_ONCE + brand)
    environ = ENVIRONMENT | {"DUNNING_REDIS_URL": redis_url, "DUNNING_CAMPAIGN_FILE": str(file)} | changes
    with dunning("worker", environ=environ) as process:
        if silent is None:
            process.wait_for("worker.started")
            assert not any("mail.no_reply_to" in line for line in process.lines)
        else:
            assert process.wait_for("mail.no_reply_to")["brands"] == silent
