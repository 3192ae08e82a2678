"""Whoever the seller and the customer are, a mail has our headers, each once and on one line, and no others."""

import re
import unicodedata
from dataclasses import replace
from email.errors import NonASCIILocalPartDefect
from email.message import EmailMessage

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dunning.addresses.mailbox import Mailbox, parse_mailbox
from dunning.errors import PermanentError
from tests.unit.mails import LINK, RENDERER, TEMPLATES, facts, sent, text_of
from worker.letters.render import Renderer
from worker.letters.values import MailFacts
from worker.mail.smtp_envelope import as_data

HEADERS = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
]
CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")
# What has broken headers elsewhere: line ends of every kind, encoded words, quotes, commas, comments, other directions.
ODD = [
    *["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x00", "\x7f", "\ud83d", "\udcff"],
    *[
        "\r\nBcc: all@example.com",
        "\n\nbody",
        "Subject: x",
        "=?utf-8?q?=0D=0ABcc:_all=40example.com?=",
        "=?utf-8?b?Cg==?=",
    ],
    *[
        '"',
        "\\",
        "'",
        ",",
        ";",
        ":",
        "<",
        ">",
        "(",
        ")",
        "@",
        "<a@b.example>",
        ".",
        "\u202e",
        "\u200b",
        "é",
        "ü" * 80,
        "🚀",
    ],
    *["x" * 1200, "a " * 600, "\t", " ", "{{ link }}", "{% raw %}", "%s", "日本語" * 30],
]
words = st.lists(st.sampled_from(ODD) | st.text(max_size=12), max_size=4).map("".join)


def assert_has_only_our_headers(mail: EmailMessage, expected: list[str]) -> None:
    smtputf8 = not str(mail["To"]).isascii()
    raw = as_data(mail, eight_bit=True, smtputf8=smtputf8)
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    head = raw.partition(b"\r\n\r\n")[0].decode("utf-8" if smtputf8 else "ascii")
    assert re.findall(r"(?m)^([^\s:]+):", head) == expected
    assert all(re.match(r"[A-Za-z-]+:( |$)|[ \t]+\S", line) for line in head.split("\r\n"))

    read = sent(mail)
    assert read.keys() == expected
    assert not read.defects
    for name, value in read.items():
        assert not CONTROL.search(str(value)), name
        assert not [one for one in value.defects if not isinstance(one, NonASCIILocalPartDefect)], name
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]


@given(
    st.builds(
        replace,
        st.sampled_from([facts(template) for template in TEMPLATES]),
        customer_name=st.none() | words,
        product_names=st.lists(words, max_size=3).map(tuple),
        locale=st.sampled_from(["en", "de", "pt-BR", "ar", "x" * 300, "\r\n", "../..", "zh-Hant-TW"]) | words,
        currency_code=st.sampled_from(["EUR", "JPY", "", "\r\n", "🚀"]),
        card_last4=st.none() | words,
    )
)
@settings(deadline=None)
def test_no_customer_product_or_locale_can_touch_a_header(odd: MailFacts) -> None:
    mail = RENDERER.render(odd)

    assert_has_only_our_headers(mail, HEADERS)
    assert LINK in text_of(mail).split("\n")
    assert sent(mail)["To"] == "eve@customer.example"


@given(st.sampled_from(["eve@customer.example", "eve@", "", "é@b.example"]) | st.builds("{}a@{}".format, words, words))
@example("eve@customer.example\r\nBcc: all@example.com")
@example("eve@customer.example, all@example.com")
@example('"Eve"@customer.example')
@example("=?utf-8?q?=0D=0ABcc=3A_all?=@example.com")
@example("=?utf-8?b?Cg==?=@example.com")
@settings(deadline=None)
def test_an_address_is_mailed_alone_or_not_at_all(recipient: str) -> None:
    try:
        mail = RENDERER.render(replace(facts(), recipient=recipient))
    except PermanentError:
        return

    assert_has_only_our_headers(mail, HEADERS)
    (address,) = sent(mail)["To"].addresses
    assert address.username == unicodedata.normalize("NFC", recipient.strip().rpartition("@")[0])


def a_mailbox(text: str) -> Mailbox | None:
    try:
        return parse_mailbox(text)
    except ValueError:
        return None


senders = st.builds("{} <billing@acme.example>".format, words)


@given(sender=senders, reply_to=st.none() | senders)
@example("", None)
@example('"Acme, \\"the\\" Inc." <billing@acme.example>', "Help (us), all: <help@acme.example>")
@settings(deadline=None, max_examples=60)
def test_no_name_of_the_sellers_can_touch_a_header(sender: str, reply_to: str | None) -> None:
    mail_from, answers = a_mailbox(sender), a_mailbox(reply_to or "")
    if mail_from is None:
        return

    mail = Renderer(None, mail_from, answers, redirect=None).render(facts())

    assert_has_only_our_headers(mail, [name for name in HEADERS if name != "Reply-To" or answers])
    (address,) = sent(mail)["From"].addresses
    assert address.addr_spec == mail_from.address
