"""What the documentation says is checked against what is there."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import COMMANDS, main
from dunning.alerts import Alert
from dunning.campaign_file.reader import parse_campaigns
from dunning.jobs import BATCH, MOST_STEPS
from dunning.paddle.events import EventType
from dunning.queue import QUEUE
from dunning.reasons import ClickOutcome, DeadReason, EndReason, HoldWord, MailCode, NoChange, SkipReason, WaitReason
from dunning.rules.case import CaseState
from dunning.rules.declines import Reason
from dunning.rules.delivery import DeliveryState
from dunning.settings.env_file import ENV_FILE
from dunning.settings.load import KNOWN
from dunning.store import keys
from dunning.store.limiter import background_budget
from worker.letters.compiled import PARTS, SHIPPED

ROOT = Path(__file__).parents[2]
DOCS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
PARTS_OF_THE_CODE = [ROOT / part for part in ("dunning", "webhooks", "worker", "cli")]
DEPLOY = sorted(path for path in (ROOT / "deploy").iterdir() if path.is_file())

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
VARIABLE = re.compile(r"\bDUNNING_[A-Z][A-Z_]*[A-Z]\b")
KEY = re.compile(r"\bdunning:[a-z_]+(?::[a-z_]+)*(?::\{[a-z ]+\})?")
# Of the machine something was written on, and of registries: both mean nothing to a reader.
PLACE = re.compile(
    r"(?<![\w.])/(?:work|home|root|Users)/"
    r"|(?:pypi\.org/simple|files\.pythonhosted\.org|ghcr\.io|docker\.io|quay\.io|registry\.[a-z]|artifactory)"
    r"|--(?:extra-)?index-url|\b10\.\d+\.\d+\.\d+\b"
)

each_document = pytest.mark.parametrize("document", DOCS, ids=lambda path: str(path.relative_to(ROOT)))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next of the same level."""
    level = heading.partition(" ")[0]
    after = text.partition(f"\n{heading}\n")[2]
    assert after, f"there is no {heading}"
    return re.split(rf"\n{level} ", after)[0]


def words_in_code(text: str) -> set[str]:
    without_blocks = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return set(re.findall(r"`([^`\n]+)`", without_blocks))


def anchors(text: str) -> set[str]:
    """Return the anchors GitHub makes of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def states_of_charts(text: str) -> Iterator[set[str]]:
    for chart in re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", text, re.DOTALL):
        moves = re.findall(r"^\s*(\S+) --> ([^\s:]+)", chart, re.MULTILINE)
        yield {state for move in moves for state in move} - {"[*]"}


def test_the_readme_is_short_and_opens_with_the_two_commands() -> None:
    lines = read("README.md").splitlines()

    assert len(lines) <= 150
    assert {"make demo", "make test"} <= {line.split("  ")[0] for line in lines[:10]}


def test_every_variable_is_documented_and_every_documented_one_exists() -> None:
    table = section(read("docs/operations.md"), "## Variables")
    everywhere = "\n".join(path.read_text(encoding="utf-8") for path in [*DOCS, *DEPLOY])

    assert set(re.findall(r"^\| `(DUNNING_\w+)` \|", table, re.MULTILINE)) == set(KNOWN)
    assert set(VARIABLE.findall(everywhere)) <= {*KNOWN, ENV_FILE}


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    inside = [link for link in LINK.findall(text) if "://" not in link]

    for link in inside:
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


def test_the_state_charts_have_exactly_the_states_there_are() -> None:
    case, delivery = states_of_charts(read("docs/architecture.md"))

    assert case == {state.value for state in CaseState}
    assert delivery == {state.value for state in DeliveryState}


@pytest.mark.parametrize(
    ("reasons", "document"),
    [
        (EndReason, "architecture"),
        (SkipReason, "architecture"),
        (WaitReason, "architecture"),
        (DeadReason, "architecture"),
        (NoChange, "architecture"),
        (MailCode, "operations"),
        (ClickOutcome, "reference"),
        (Alert, "operations"),
    ],
)
def test_every_reason_there_is_is_explained(reasons: type[StrEnum], document: str) -> None:
    assert {reason.value for reason in reasons} <= words_in_code(read(f"docs/{document}.md"))


@each_document
def test_keys_are_spelled_as_the_store_spells_them(document: Path) -> None:
    table = set(re.findall(r"^\| (dunning:\S+(?: or \S+)?) \|", str(keys.__doc__), re.MULTILINE))

    families = {key.partition(":{")[0] for key in table}

    assert set(KEY.findall(document.read_text(encoding="utf-8"))) <= table | families | {QUEUE}


@pytest.mark.parametrize("document", [*DOCS, *DEPLOY], ids=lambda path: path.name)
def test_nothing_names_a_machine_or_a_registry(document: Path) -> None:
    assert PLACE.findall(document.read_text(encoding="utf-8")) == []


def test_every_event_that_is_used_is_named_for_those_who_connect_by_hand() -> None:
    assert {event.value for event in EventType} <= set(re.findall(r"[a-z_]+\.[a-z_]+", read("docs/connect.md")))


def test_commands_that_are_shown_exist() -> None:
    fences = re.findall(r"```sh\n(.*?)```", read("README.md"), re.DOTALL)
    shown = {word for fence in fences for word in re.findall(r"\bdunning ([a-z]+)\b", fence)}

    assert shown
    assert shown <= set(COMMANDS)


def test_the_help_needs_no_settings() -> None:
    assert CliRunner().invoke(main, ["link", "--help"]).exit_code == 0


@pytest.mark.parametrize("name", ["README.md", "docs/mail.md"])
def test_campaigns_that_are_shown_are_accepted(name: str) -> None:
    shown = re.findall(r"```toml\n(.*?)```", read(name), re.DOTALL)

    assert shown
    assert all(parse_campaigns(one, name) for one in shown)


def test_every_hold_is_in_the_table_for_three_in_the_morning() -> None:
    table = section(read("docs/operations.md"), "## At three in the morning")

    assert set(re.findall(r"^\| hold `(\w+)`", table, re.MULTILINE)) == set(HoldWord) - {
        HoldWord.REDIS_REFUSES_WRITES  # which no hold is kept of
    }


def test_log_events_that_are_named_are_logged() -> None:
    text = section(read("docs/operations.md"), "## Logs")
    named = {event for cell in re.findall(r"^\| (`.+?`) \| ", text, re.MULTILINE) for event in words_in_code(cell)}
    code = "\n".join(path.read_text(encoding="utf-8") for part in PARTS_OF_THE_CODE for path in part.rglob("*.py"))

    assert named
    assert {event for event in named if f'"{event}"' not in code} == set()


def test_every_reason_a_template_may_be_given_is_named() -> None:
    row = next(line for line in read("docs/mail.md").splitlines() if line.startswith("| `reason_key`"))

    assert {reason.value for reason in Reason} <= words_in_code(row)


def test_the_shipped_templates_are_named() -> None:
    shipped = {path.name.removesuffix(".subject.txt") for path in SHIPPED.glob("[!_]*.subject.txt")}

    assert shipped <= words_in_code(section(read("docs/mail.md"), "## Templates"))
    assert set(PARTS) == {"subject.txt", "txt", "html"}


def test_the_size_that_is_told_is_what_the_command_beside_it_prints() -> None:
    most = background_budget(200) * MOST_STEPS // (MOST_STEPS // BATCH + 1)

    assert f"at most {most:,} mails a minute" in section(read("docs/operations.md"), "## Size")
