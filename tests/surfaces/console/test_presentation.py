"""How pages present things: the contrast of colours, the words of settings, the picture of certificates."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import LedgerRow, setting_key
from fauxtune.core.model.settings import MEMBER, Asking, Setting, Unit
from fauxtune.core.model.states import ItemState, Source
from fauxtune_console.holdings import setting_words
from fauxtune_console.registered import Span, timeline

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


NODE = "./Device/Vendor/MSFT/Policy/Config/Defender"


def words(*settings: Setting) -> str:
    payload = Unit(settings).encode()
    return setting_words(LedgerRow(setting_key("x"), Source.SETTING, ItemState.INSTALLED, "f", payload=payload))


NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
YEAR = timedelta(days=365)


def span(begins: timedelta, ends: timedelta, *, revoked: timedelta | None = None, name: str = "BOLA") -> Span:
    """Return a certificate that is valid between two moments, seen from the present."""
    return Span(name, 1, "signing", NOW + begins, NOW + ends, None if revoked is None else NOW + revoked)


def test_the_contrast_is_that_of_wcag() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_a_text_can_be_read_on_every_ground(scheme: str) -> None:
    colours = schemes()[scheme]
    pairs = {(text, ground): contrast(colours[text], colours[ground]) for text in TEXTS for ground in GROUNDS}
    assert {pair: round(ratio, 2) for pair, ratio in pairs.items() if ratio < 4.5} == {}


def test_a_value_says_whether_it_is_in_conflict_or_goes_before_others() -> None:
    by, below = (Asking(ProfileId("p"), "a"),), (Asking(ProfileId("q"), "a"),)
    assert words(Setting("x/minLength", "int", 8, by=by)) == "minLength: 8"
    assert words(Setting("x/minLength", "int", 8, by=by, stricter="most")) == "minLength: 8 (by compliance)"
    ruling = Setting("x/minLength", "int", 8, by=by, stricter="most", below=below)
    assert words(ruling) == "minLength: 8 (by compliance, before other values)"
    assert words(Setting("x/minLength", "int", None, by=by, in_conflict=True)) == "minLength: not applied (in conflict)"


def test_members_of_a_list_have_the_name_of_the_list() -> None:
    paths = [Setting(f"{NODE}/ExcludedPaths#{path}", MEMBER, path) for path in ("C:\\Build", "D:\\Build")]
    assert words(*paths) == "ExcludedPaths: C:\\Build; ExcludedPaths: D:\\Build"


def test_bars_stand_in_the_order_of_their_beginnings_below_one_another() -> None:
    picture = timeline([span(-YEAR, YEAR, name="B"), span(-2 * YEAR, -YEAR, name="A")], now=NOW)
    assert [bar.span.mark for bar in picture.bars] == ["A", "B"]
    first, second = picture.bars
    assert first.y < second.y < picture.height
    assert first.x + first.width == second.x
    assert second.x < picture.now < second.x + second.width


def test_a_bar_is_cut_where_its_certificate_was_revoked_and_never_outside_of_it() -> None:
    inside, after = timeline(
        [span(-YEAR, YEAR, revoked=timedelta(0)), span(-YEAR, -YEAR / 2, revoked=timedelta(0))], now=NOW
    ).bars[::-1]
    assert inside.cut == timeline([span(-YEAR, YEAR)], now=NOW).now
    assert after.cut == round(after.x + after.width, 2)


def test_a_root_of_thirty_years_does_not_make_the_others_too_small_to_see() -> None:
    long, short = timeline([span(-15 * YEAR, 30 * YEAR), span(timedelta(0), YEAR)], now=NOW).bars
    assert (long.x, round(long.x + long.width)) == (0.0, 100)
    assert short.width > 5


def test_a_certificate_of_a_minute_can_be_seen() -> None:
    _year, minute = timeline([span(-YEAR, YEAR), span(timedelta(0), timedelta(minutes=1))], now=NOW).bars
    assert minute.width > 0


def test_the_axis_has_a_few_ticks_whatever_the_span_is() -> None:
    for years in (0.05, 0.5, 1, 3, 8, 20):
        ticks = timeline([span(timedelta(0), years * YEAR)], now=NOW).ticks
        assert len(ticks) <= 9, years
        assert all(0 < place < 100 for place, _ in ticks)
    words = [text for _, text in timeline([span(-2 * YEAR, 2 * YEAR)], now=NOW).ticks]
    assert {"2025", "2026", "2028"} <= set(words)


def test_words_stand_before_the_end_of_a_bar_at_the_right_edge() -> None:
    left, right = timeline([span(-9 * YEAR, -8 * YEAR), span(timedelta(0), YEAR)], now=NOW).bars
    assert (left.anchor, left.text_x) == ("start", left.x)
    assert (right.anchor, right.text_x) == ("end", round(right.x + right.width, 2))
