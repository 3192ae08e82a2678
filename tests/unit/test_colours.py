"""Whatever colour a seller has, what is made of it can be read, and seen."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dunning.brands.colours import BLACK, DEFAULT, WHITE, Colours, contrast, scheme_of

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
PALE_YELLOW, NAVY, GREY = "#fff3b0", "#0b1f4b", "#7f7f7f"


def both(colour: str) -> tuple[Colours, Colours]:
    scheme = scheme_of(colour)
    return scheme.light, scheme.dark


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [(BLACK, WHITE, 21), (WHITE, WHITE, 1), ("#777777", WHITE, 4.48), (GREY, BLACK, 5.24)]
)
def test_contrast_is_what_others_compute(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert round(contrast(one, other), 2) == ratio


@given(COLOURS)
@example(PALE_YELLOW)
@example(NAVY)
@example(GREY)
@example(WHITE)
@example(BLACK)
def test_every_text_can_be_read(colour: str) -> None:
    for of in both(colour):
        assert contrast(of.button_ink, of.button) >= 4.5
        assert contrast(of.button_ink, of.button_hover) >= 4.5
        for text in (of.ink, of.quiet, of.link):
            assert contrast(text, of.card) >= 4.5
            assert contrast(text, of.ground) >= 4.5


@given(COLOURS)
@example(PALE_YELLOW)
@example(NAVY)
@example(WHITE)
@example(BLACK)
def test_every_button_and_picture_can_be_seen(colour: str) -> None:
    for of in both(colour):
        assert contrast(of.button_edge, of.card) >= 3
        assert contrast(of.button_edge, of.ground) >= 3
        assert contrast(of.link, of.tint) >= 3


@given(COLOURS)
@example(WHITE)
@example(BLACK)
def test_a_button_under_the_pointer_looks_different(colour: str) -> None:
    for of in both(colour):
        assert of.button_hover != of.button


@given(COLOURS)
def test_by_day_the_button_has_the_seller_s_own_colour(colour: str) -> None:
    assert scheme_of(colour).light.button == colour


def test_a_colour_that_stands_out_by_itself_stays_as_it_is() -> None:
    light, dark = both(DEFAULT)

    assert (light.button, light.button_edge, light.link) == (DEFAULT, DEFAULT, DEFAULT)
    assert light.button_ink == WHITE
    assert dark.link != DEFAULT
