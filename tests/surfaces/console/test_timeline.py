"""The picture of certificates: where bars, their cuts, the present and the years stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fauxtune_console.registered import Span, timeline

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
YEAR = timedelta(days=365)


def span(begins: timedelta, ends: timedelta, *, revoked: timedelta | None = None, name: str = "BOLA") -> Span:
    """Return a certificate that is valid between two moments, seen from the present."""
    return Span(name, 1, "signing", NOW + begins, NOW + ends, None if revoked is None else NOW + revoked)


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
