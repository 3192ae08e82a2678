import pytest

from dunning.addresses.mailbox import Mailbox, parse_mailbox


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("billing@example.com", Mailbox(None, "billing@example.com")),
        ("<billing@example.com>", Mailbox(None, "billing@example.com")),
        ("Acme <billing+a.b@mail.example.co.uk>", Mailbox("Acme", "billing+a.b@mail.example.co.uk")),
        ("Acme, Inc. <billing@example.com>", Mailbox("Acme, Inc.", "billing@example.com")),
        ('"Acme \\"the best\\"" <billing@example.com>', Mailbox('Acme "the best"', "billing@example.com")),
        ("Crème <billing@xn--crme-8oa.example>", Mailbox("Crème", "billing@xn--crme-8oa.example")),
        ("dunning@localhost", Mailbox(None, "dunning@localhost")),
        (f"{'x' * 200} <billing@example.com>", Mailbox("x" * 200, "billing@example.com")),
        ('"" <billing@example.com>', Mailbox(None, "billing@example.com")),
        ('" <billing@example.com>', Mailbox('"', "billing@example.com")),
        ('Acme "the best" <billing@example.com>', Mailbox('Acme "the best"', "billing@example.com")),
    ],
)
def test_these_are_mailboxes(text: str, mailbox: Mailbox) -> None:
    assert parse_mailbox(text) == mailbox


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Acme",
        "<>",
        "Acme <billing@example.com",
        "Acme billing@example.com",
        "a@example.com, b@example.com",
        "a@example.com <b@example.com>",
        "billing@example",
        "billing@-example.com",
        "billing@example..com",
        "bil..ling@example.com",
        "bill ing@example.com",
        "billing@crème.example",
        f"{'a' * 65}@example.com",
        "Acme\r\nBcc: a@example.com <billing@example.com>",
        "Acme\x00 <billing@example.com>",
        "Acme\u2028 <billing@example.com>",
        "=?utf-8?q?=0D=0ABcc:_a=40example.com?= <billing@example.com>",
        "=?utf-8?q?=0D=0A?=@example.com",
        "x" * 201 + " <billing@example.com>",
    ],
)
def test_these_are_not(text: str) -> None:
    with pytest.raises(ValueError, match=r"^it holds |^its name "):
        parse_mailbox(text)
