"""To which addresses mail can be sent, and how they stand in an envelope."""

import pytest

from dunning.addresses.mailable import mailable_address


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("eve@customer.example", "eve@customer.example"),
        (" eve+a.b@bücher.example ", "eve+a.b@xn--bcher-kva.example"),
        ("jörg@bücher.example", "jörg@xn--bcher-kva.example"),
        ("jo\u0308rg@customer.example", "jörg@customer.example"),
        ("用户@例子.example", "用户@xn--fsqu00a.example"),
        ("अजय@customer.example", "अजय@customer.example"),
        ("почта.моя@customer.example", "почта.моя@customer.example"),
        ("ö" * 32 + "@customer.example", "ö" * 32 + "@customer.example"),
    ],
)
def test_these_can_be_mailed(address: str, written: str) -> None:
    assert mailable_address(address) == written


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jörg",
        "@customer.example",
        "jö rg@customer.example",
        "jörg.@customer.example",
        "jörg@customer.example>\r\nRSET",
        "jörg\u00a0@customer.example",
        "\u202ejörg@customer.example",
        "jo\u200brg@customer.example",
        "☃@customer.example",
        "=?utf-8?q?jörg?=@customer.example",
        "jörg@not_a_domain",
        "ö" * 33 + "@customer.example",
    ],
)
def test_these_can_not(address: str) -> None:
    assert mailable_address(address) is None
