"""The colours of mails and pages, made of the seller's one: for light and dark screens, each with enough contrast.

https://www.w3.org/TR/WCAG22/#contrast-minimum and https://www.w3.org/TR/WCAG22/#non-text-contrast
"""

import colorsys
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

# Of text, and of what is no text.
TEXT_CONTRAST = 4.5
SHAPE_CONTRAST = 3.0

DEFAULT = "#2a5bd7"
"""The colour of a seller who names none."""

WHITE, BLACK = "#ffffff", "#000000"
# The steps in which a colour is made darker or lighter, until it stands out enough.
_STEPS = 50
_HUELESS = 0.1
_HOVER = 0.14
_TINT = 0.1


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours for one kind of screen, each as `#rrggbb`."""

    ground: str
    """Behind everything."""
    card: str
    """Behind what is said."""
    ink: str
    quiet: str
    """For text that matters less."""
    line: str
    """For lines that only set apart."""
    button: str
    button_ink: str
    button_hover: str
    button_edge: str
    """Around the button, so that it stands out where its own colour doesn't."""
    link: str
    tint: str
    """Behind a picture in the colour of a link."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a seller's colour becomes on light and on dark screens."""

    light: Colours
    dark: Colours


@lru_cache(maxsize=64)
def scheme_of(colour: str) -> Scheme:
    """Make all colours of one, `#rrggbb`."""
    light = {"ground": "#f3f4f6", "card": WHITE, "ink": "#1c1d21", "quiet": "#5c5f69", "line": "#e4e5e9"}
    dark = {"ground": "#15161a", "card": "#212328", "ink": "#eceded", "quiet": "#a6a9b2", "line": "#3a3d45"}
    lifted = _until(colour, [dark["card"]], SHAPE_CONTRAST, lightness=1)
    return Scheme(
        light=Colours(**light, **_accents(colour, light, lightness=0)),
        dark=Colours(**dark, **_accents(lifted, dark, lightness=1)),
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _accents(button: str, neutral: dict[str, str], *, lightness: float) -> dict[str, str]:
    grounds = [neutral["card"], neutral["ground"]]
    # One of the two always stands out: the worst that both can have is 4.58.
    ink = WHITE if contrast(button, WHITE) >= TEXT_CONTRAST else BLACK
    hover = _mix(button, ink, _HOVER)
    if contrast(hover, ink) < TEXT_CONTRAST:
        hover = _mix(button, BLACK if ink == WHITE else WHITE, _HOVER)
    link = _until(button, grounds, TEXT_CONTRAST, lightness=lightness)
    return {
        "button": button,
        "button_ink": ink,
        "button_hover": hover,
        "button_edge": _until(button, grounds, SHAPE_CONTRAST, lightness=lightness),
        "link": link,
        "tint": _mix(neutral["card"], link, _TINT),
    }


def _until(colour: str, grounds: Collection[str], ratio: float, *, lightness: float) -> str:
    """Bring a colour towards a lightness, 0 or 1, until it stands out from these grounds. It keeps its hue."""
    shades = (_shade(colour, lightness, step / _STEPS) for step in range(_STEPS + 1))
    return next(shade for shade in shades if all(contrast(shade, ground) >= ratio for ground in grounds))


def _shade(colour: str, lightness: float, part: float) -> str:
    if not part:
        return colour
    hue, light, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in _channels(colour)))
    # What is nearly black or white has a hue that nobody sees, and would get one that everybody does.
    saturation *= min(1, light / _HUELESS, (1 - light) / _HUELESS)
    shade = colorsys.hls_to_rgb(hue, light + (lightness - light) * part, saturation)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in shade)


def _mix(colour: str, other: str, part: float) -> str:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * part):02x}" for one, two in pairs)


def _luminance(colour: str) -> float:
    """Return how light a colour is: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [channel / 255 for channel in _channels(colour)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)  # noqa: PLR2004 - the definition's own
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))
