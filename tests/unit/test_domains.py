import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning.addresses.domains import ascii_domain


@pytest.mark.parametrize(
    ("domain", "written"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.com", "example.com"),
        ("example.com.", "example.com"),
        ("localhost", "localhost"),
        ("localhost.", "localhost"),
        ("faß.de", "xn--fa-hia.de"),
        ("FAẞ.DE", "xn--fa-hia.de"),
        ("fass.de", "fass.de"),
        ("XN--FA-HIA.de", "xn--fa-hia.de"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("βόλος.gr", "xn--nxasmm1c.gr"),
        ("ΒΌΛΟΣ.gr", "xn--nxasmq6b.gr"),  # capitals have no final sigma: another domain than the one above
        ("\uff45\uff56\uff49\uff4c\uff0e\uff43\uff4f\uff4d", "evil.com"),  # full width
        ("例え\u3002jp", "xn--r8jz45g.jp"),
        ("exa\u00admple.com", "example.com"),  # a soft hyphen
        pytest.param("\u00ad" * 989 + "example.com", "example.com", id="as long as may be before it is mapped"),
        (
            "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com",
            "xn--mgba3gch31f060k.com",
        ),  # a joiner where the script needs one
        (
            "\u0440\u0430\u0443\u0440\u0430l.com",
            "xn--l-7sba6dbr.com",
        ),  # two scripts: odd, not ours to refuse
        ("ab--c.example", "ab--c.example"),
        ("xn--zzzzzz.example", "xn--zzzzzz.example"),
        ("ab--c.Bücher.example", "ab--c.xn--bcher-kva.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("x" * 63 + ".example", "x" * 63 + ".example"),
        (".".join(["a"] * 127), ".".join(["a"] * 127)),
    ],
)
def test_a_domain_is_written_in_ascii(domain: str, written: str) -> None:
    assert ascii_domain(domain) == written


@pytest.mark.parametrize(
    "domain",
    [
        "",
        ".",
        "..",
        "a..b",
        ".a",
        "a.b..",
        "-a.b",
        "a-.b",
        "a_b.example",
        "_dmarc.example",
        "a b.example",
        "a@b.example",
        "a/b.example",
        "a\u2024b.example",  # a dot that is none to UTS 46
        "a\u200db.example",  # a joiner where no script needs one
        "☃.example",
        "\udcff.example",
        "[192.0.2.1]",
        "a\n.example",
        "א1a.example",  # from both sides
        "x" * 64 + ".example",
        "ü" * 60 + ".example",
        ".".join(["a"] * 128),
        "ü" * 1_000_000,
    ],
)
def test_what_is_none_is_refused_without_quoting_it(domain: str) -> None:
    with pytest.raises(ValueError, match=r"^it (is no domain|is too long|holds a character)[a-z ]*$"):
        ascii_domain(domain)


@given(st.text() | st.text(alphabet="aß.-xn\u200d\uff0eé"))
def test_whatever_is_given_is_written_or_refused_and_what_is_written_stays(domain: str) -> None:
    try:
        written = ascii_domain(domain)
    except ValueError:
        return
    assert written.isascii()
    assert ascii_domain(written) == written
