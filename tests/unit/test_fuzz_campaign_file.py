"""Whatever a campaign file says, it is read, or refused with the line of every problem."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.errors import ConfigurationError
from dunning.rules.campaign import Campaign, When
from dunning.rules.declines import DeclineClass

RICH = """\
# ours
[campaign.euro]
on = "renewal_failed"
when = { product = ["pro_01hv8x5b1s2a3b4c5d6e7f8g9h"], price = "pri_01hv8x5b1s2a3b4c5d6e7f8g9h", currency = ["EUR"] }
send_between = ["08:00", "24:00"]
step = [{ name = "only", after = "1d", template = "reminder" }]

[campaign.renewal]
on = "renewal_failed"
gives_up = { after = "30d", action = "cancel" }

[[campaign.renewal.step]]
name = "first"
after = { hard = "2h", soft = "24h", outage = "48h" }
template = "payment_failed"

[[campaign.renewal.step]]
name = 'reminder'
after = "3d"
template = \"\"\"reminder\"\"\"

[brand]
name = "Acme"
logo = "https://acme.example/logo.png"
colour = "#2a5bd7"
support = "help@acme.example"
address = \"\"\"
1 High Street
London\"\"\"

[brand.pro]
when = { currency = "EUR" }
from = "Pro <pro@acme.example>"
language = "en"
"""
TOKENS = re.compile(r"\w+|\s+|[^\w\s]")
ODD = [
    *["", "=", "[", "]", "[[", "]]", "{", "}", ",", ".", '"', "'", '"""', "#", "\\", "\n", "\r", "\r\n", "\t", "\x00"],
    *["0", "-1", "3", "1e400", "nan", "inf", "true", "2026-11-22", "2026-11-22T10:00:00Z", "0x1F", "9" * 5000],
    *[
        '"0s"',
        '"9999999999d"',
        '"3 d"',
        '"-3d"',
        '"٣d"',
        '"\\u0000"',
        '"\\n"',
        '"x\\ny: 1: z"',
        "é",
        "\u2028",
        "\u202e",
    ],
    *[
        "campaign",
        "renewal",
        "step",
        "name",
        "after",
        "template",
        "on",
        "hard",
        "gives_up",
        "when",
        "currency",
        "brand",
        "colour",
        "support",
        "send_between",
        '"08:00"',
        '"EUR"',
        "[]",
        "[campaign.second]\n",
        "a.b.c",
    ],
]
# Deeper than Python's own stack.
DEEP = "x = " + "[" * 5000


@st.composite
def files(draw: st.DrawFn) -> str:
    """Give a good file with up to five tokens or lines changed, left out, doubled or swapped."""
    text = draw(st.sampled_from([RICH, shipped()]))
    for _ in range(draw(st.integers(0, 5))):
        parts = text.splitlines(keepends=True) if draw(st.booleans()) else TOKENS.findall(text)
        if not parts:
            break
        at, other = draw(st.integers(0, len(parts) - 1)), draw(st.integers(0, len(parts) - 1))
        match draw(st.sampled_from(["replace", "insert", "leave out", "double", "swap", "cut"])):
            case "replace":
                parts[at] = draw(st.sampled_from(ODD))
            case "insert":
                parts.insert(at, draw(st.sampled_from(ODD)))
            case "leave out":
                del parts[at]
            case "double":
                parts.insert(other, parts[at])
            case "swap":
                parts[at], parts[other] = parts[other], parts[at]
            case _:
                parts = parts[:at]
        text = "".join(parts)
    return text


@given(files())
@example("")
@example(DEEP)
@example("\ufeff" + RICH)
@example(RICH.replace("\n", "\r\n"))
@example(f"{RICH}\nx = {'5' * 5_000}\n")
def test_a_file_is_read_or_refused_with_the_line_of_every_problem(text: str) -> None:
    read = outcome(text)

    if isinstance(read, ConfigurationError):
        assert read.problems
        assert all(problem.isprintable() for problem in read.problems)
        places = [re.match(r"ours\.toml:([0-9]+): \S", problem) for problem in read.problems]
        assert all(place and 1 <= int(place[1]) <= text.count("\n") + 1 for place in places), read.problems
    else:
        assert_can_be_used(read)


def outcome(text: str) -> tuple[Campaign, ...] | ConfigurationError:
    try:
        return parse_campaigns(text, "ours.toml")
    except ConfigurationError as error:
        return error


def assert_can_be_used(campaigns: tuple[Campaign, ...]) -> None:
    assert campaigns
    assert len({campaign.name for campaign in campaigns}) == len(campaigns)
    # One that asks for nothing leaves nothing to those after it.
    assert all(campaign.when != When() for campaign in campaigns[:-1])
    for campaign in campaigns:
        assert campaign.steps
        for decline_class in DeclineClass:
            after = [step.after[decline_class] for step in campaign.steps]
            assert after == sorted(set(after))
            assert campaign.gives_up is None or after[-1] < campaign.gives_up.after
        names = [step.name for step in campaign.steps]
        assert len(names) == len(set(names))
        assert all(re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", word) for word in [campaign.name, *names])
        assert campaign.send_between is None or campaign.send_between.opens < campaign.send_between.closes
