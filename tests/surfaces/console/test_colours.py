"""The colours of the console: text can be read on whatever it stands on (WCAG 2.2, 1.4.3: a contrast of 4.5)."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

_COLOUR = re.compile(r"--([\w-]+): (#[0-9a-f]{3,6})\b")
#: Colours of texts, and of what they stand on; what is new on a page glows.
TEXTS, GROUNDS = ("text", "soft", "accent", "good", "bad", "warn"), ("page", "card", "glow")


def schemes() -> dict[str, dict[str, str]]:
    """The variables of the light and of the dark colours, those of certificates left out."""
    css = (files("fauxtune.surfaces") / "colours.css").read_text(encoding="utf-8")
    light, dark = (dict(_COLOUR.findall(part)) for part in css.partition("\n.h0")[0].split("@media"))
    return {"light": light, "dark": {**light, **dark}}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(each * 2 for each in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_is_that_of_wcag() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_a_text_can_be_read_on_every_ground(scheme: str) -> None:
    colours = schemes()[scheme]
    pairs = {(text, ground): contrast(colours[text], colours[ground]) for text in TEXTS for ground in GROUNDS}
    assert {pair: round(ratio, 2) for pair, ratio in pairs.items() if ratio < 4.5} == {}
