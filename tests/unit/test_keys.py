from dunning.rules.case import OPEN_FOR
from dunning.store import keys

CONSTANTS = {name: value for name, value in vars(keys).items() if name.isupper() and isinstance(value, str)}
MADE = [
    keys.event,
    keys.case,
    keys.story,
    keys.customer,
    keys.history,
    keys.listed,
    keys.stopped,
    keys.mark,
    keys.clicks,
    keys.click_refused,
    keys.trace,
    keys.sums,
    keys.seen,
    keys.in_vain,
    keys.parked,
    keys.out_due,
    keys.out_rest,
    keys.doubted,
    keys.reconcile_turn,
    keys.reconcile_done,
    keys.sign_in,
    keys.sign_ins,
]
ROWS = [line.split("|")[1].strip() for line in (keys.__doc__ or "").splitlines() if line.startswith("| dunning:")]


def test_every_key_is_ours_by_its_name() -> None:
    assert all(value.startswith("dunning:") for value in CONSTANTS.values())
    assert all(make("x").startswith("dunning:") for make in MADE)


def test_every_key_is_in_the_table_once_and_nothing_else_is() -> None:
    spelled = [*CONSTANTS.values(), *(make("").rstrip(":") for make in MADE)]

    assert sorted(row.partition(":{")[0] for row in ROWS) == sorted(spelled)


def test_no_two_things_share_a_key() -> None:
    made = [make("x") for make in MADE] + list(CONSTANTS.values())

    assert len(set(made)) == len(made)


def test_a_key_is_made_from_the_id_alone() -> None:
    assert [make("x_1") for make in MADE] == [
        "dunning:event:x_1",
        "dunning:case:x_1",
        "dunning:story:x_1",
        "dunning:customer:x_1",
        "dunning:history:x_1",
        "dunning:listed:x_1",
        "dunning:stopped:x_1",
        "dunning:mark:x_1",
        "dunning:clicks:x_1",
        "dunning:click_refused:x_1",
        "dunning:trace:x_1",
        "dunning:sums:x_1",
        "dunning:seen:x_1",
        "dunning:in_vain:x_1",
        "dunning:parked:x_1",
        "dunning:out:due:x_1",
        "dunning:out:rest:x_1",
        "dunning:holds:doubted:x_1",
        "dunning:reconcile:turn:x_1",
        "dunning:reconcile:done:x_1",
        "dunning:sign_in:x_1",
        "dunning:sign_ins:x_1",
    ]


def test_a_handled_event_is_remembered_for_longer_than_paddle_repeats_it() -> None:
    assert keys.KEEP_HANDLED.days > 3


def test_an_end_is_remembered_for_as_long_as_a_case_of_it_could_be_opened() -> None:
    assert keys.KEEP_MARK >= OPEN_FOR
