import pytest

from dunning.addresses.web import parse_web_url


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://billing.example.com", "https://billing.example.com"),
        ("https://billing.example.com:443/", "https://billing.example.com"),
        ("https://billing.example.com:80", "https://billing.example.com:80"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("http://[::1]:8080/x/", "http://[::1]:8080/x"),
        ("https://billing.example.com/payX//", "https://billing.example.com/payX"),
        ("https://billing.example.com/?a=b", "https://billing.example.com?a=b"),
    ],
)
def test_an_address_is_kept_without_what_goes_without_saying(text: str, kept: str) -> None:
    assert parse_web_url(text, query=True).text == kept


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://Billing.example.com:443/x?y", "https://billing.example.com"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
    ],
)
def test_an_origin_is_written_as_browsers_do(text: str, origin: str) -> None:
    assert parse_web_url(text, query=True).origin == origin
