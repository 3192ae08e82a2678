import base64

import pytest

from dunning.settings.load import load_settings
from dunning.settings.out_webhooks import MOST, key_bytes, parse_out_webhooks
from tests.unit.good_settings import GOOD, problems_of


def secret(letter: str = "k", length: int = 32) -> str:
    return "whsec_" + base64.b64encode(letter.encode() * length).decode()


def test_a_destination_is_a_url_and_a_secret_behind_it() -> None:
    (one,) = parse_out_webhooks(f"https://app.example.com/hooks/dunning/?x=1#{secret()}")

    assert one.url.get_secret_value() == "https://app.example.com/hooks/dunning/?x=1"
    assert [key_bytes(key) for key in one.keys] == [b"k" * 32]


def test_it_is_called_by_its_host_and_the_same_whatever_its_secret() -> None:
    first, other = parse_out_webhooks(
        f"https://app.example.com/a#{secret('k')},https://app.example.com/b#{secret('l')}"
    )
    (again,) = parse_out_webhooks(f"https://app.example.com/a#{secret('m')}")

    assert first.name.startswith("app.example.com-")
    assert again.name == first.name != other.name


def test_a_secret_is_replaced_by_giving_both() -> None:
    (one,) = parse_out_webhooks(f"http://127.0.0.1:9000/x#{secret('n', 24)}#{secret('o', 64)}")

    assert [len(key_bytes(key)) for key in one.keys] == [24, 64]


def test_a_secret_without_its_last_equals_signs_is_taken() -> None:
    (one,) = parse_out_webhooks(f"https://app.example.com#{secret().rstrip('=')}")

    assert key_bytes(one.keys[0]) == b"k" * 32


def test_a_comma_at_the_end_is_no_entry_and_no_part_of_the_secret() -> None:
    (one,) = parse_out_webhooks(f"https://app.example.com#{secret('W', 24)}, ")

    assert key_bytes(one.keys[0]) == b"W" * 24


def test_as_many_as_there_may_be_are_taken() -> None:
    text = ",".join(f"https://app.example.com/{place}#{secret(chr(65 + place))}" for place in range(MOST))

    assert len(parse_out_webhooks(text)) == MOST


def test_its_name_stays_the_same_in_later_releases() -> None:
    """Redis keeps under it what is still to be told."""
    (one,) = parse_out_webhooks(f"https://app.example.com/a#{secret()}")

    assert one.name == "app.example.com-806a979c"


def test_neither_the_url_nor_the_secret_is_shown() -> None:
    settings = load_settings(GOOD | {"DUNNING_OUT_WEBHOOKS": f"https://app.example.com/t0ken#{secret()}"})

    assert "t0ken" not in repr(settings)
    assert secret() not in repr(settings)


def test_without_any_nobody_is_told() -> None:
    assert load_settings(GOOD).out_webhooks == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("https://app.example.com/x", "its entry 1 is wrong: no secret stands behind its URL, after #"),
        (
            f"https://app.example.com/x#{secret()}, x",
            "its entry 2 is wrong: it starts with neither https:// nor http://",
        ),
        (f"http://app.example.com/x#{secret()}", "its entry 1 is wrong: it is http, which only an address of this"),
        ("https://app.example.com/x#s3cr3t", "its entry 1 is wrong: its secret does not begin with whsec_"),
        ("https://app.example.com/x#whsec_s3cr3t!", "its entry 1 is wrong: what follows whsec_ is not base64"),
        ("https://app.example.com/x#whsec_s3cr3tß", "its entry 1 is wrong: what follows whsec_ is not base64"),
        (
            f"https://app.example.com/x#{secret()[:20]}!{secret()[20:]}",
            "its entry 1 is wrong: what follows whsec_ is not base64",
        ),
        ("https://app.example.com/x#whsec_s3cr3", "its entry 1 is wrong: what follows whsec_ is not base64"),
        (
            f"https://app.example.com/x#{secret(length=23)}",
            "its entry 1 is wrong: its secret has 23 bytes, and needs 24",
        ),
        (
            f"https://app.example.com/x#{secret(length=65)}",
            "its entry 1 is wrong: its secret has 65 bytes, and needs 24",
        ),
        (
            f"https://app.example.com/x#{secret('a')},https://app.example.com/x#{secret('b')}",
            "it names a destination twice",
        ),
        (
            f"https://app.example.com/x#{secret()},https://app.example.com/y#{secret()}",
            "it holds a secret twice, and each destination needs one of its own",
        ),
        (
            ",".join(f"https://app.example.com/{place}#{secret(chr(65 + place))}" for place in range(MOST + 1)),
            f"it names more than {MOST} destinations",
        ),
        ("https://app.example.com/x#whsec_...", "it still holds a placeholder"),
    ],
)
def test_what_can_not_be_told_stops_the_start_with_a_sentence_and_no_secret(text: str, sentence: str) -> None:
    (problem,) = problems_of(GOOD | {"DUNNING_OUT_WEBHOOKS": text})

    assert problem.startswith(f"DUNNING_OUT_WEBHOOKS: {sentence}")
    assert "s3cr3" not in problem
    assert secret() not in problem
