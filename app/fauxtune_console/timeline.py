"""A picture of when certificates are valid: bars on a line of time, with the present. Pure; the template draws it.

Places are percentages of the picture's width, so that it fits any screen and its letters keep their size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_YEAR = timedelta(days=365.25)
#: What lies further away makes the rest too small to see: such a bar runs to the edge.
_PAST, _FUTURE = 10 * _YEAR, 5 * _YEAR
_ROW, _TOP = 26, 22
_MOST_TICKS = 8
#: data. Months between two ticks of the axis, the smallest first.
_STEPS = (1, 3, 6, 12, 24, 60)
#: Half the width of the words of a tick, in percent of a picture of usual width.
_NARROW = 3.0
#: A bar that begins so far to the right has its words before its end.
_RIGHT = 70.0


@dataclass(frozen=True, slots=True)
class Span:
    """The validity of one certificate. `mark`: its letters, `hue`: its colour's number, `words`: what it is."""

    mark: str
    hue: int
    words: str
    begins: datetime
    ends: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: `x` and `width` in percent; `cut`: where it was revoked. `text_x`, `anchor`: where its words stand."""

    span: Span
    y: int
    x: float
    width: float
    cut: float | None
    text_x: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The picture. `ticks`: places of the axis with their words."""

    height: int
    now: float
    ticks: tuple[tuple[float, str], ...]
    bars: tuple[Bar, ...]


def timeline(spans: Sequence[Span], *, now: datetime) -> Timeline:
    """Return the picture of these certificates, the one that begins first at the top."""
    begin = max(min([now, *(span.begins for span in spans)]), now - _PAST)
    end = min(max([now, *(span.ends for span in spans)]), now + _FUTURE)
    margin = max((end - begin) * 0.03, timedelta(days=1))
    scale = _Scale(begin - margin, end + margin)
    ordered = sorted(spans, key=lambda span: (span.begins, span.ends, span.mark))
    bars = tuple(_bar(span, scale, y=_TOP + _ROW * number) for number, span in enumerate(ordered))
    present = scale.place(now)
    # The words of a tick that stands beside the present would run into "now".
    ticks = tuple((place, words if abs(place - present) > 2 * _NARROW else "") for place, words in _ticks(scale))
    return Timeline(_TOP + _ROW * len(bars) + 6, present, ticks, bars)


@dataclass(frozen=True, slots=True)
class _Scale:
    begin: datetime
    end: datetime

    def place(self, moment: datetime) -> float:
        """The place of a moment in percent; what is outside stands at the edge."""
        share = (moment - self.begin) / (self.end - self.begin)
        return round(min(max(share, 0.0), 1.0) * 100, 2)


def _bar(span: Span, scale: _Scale, *, y: int) -> Bar:
    left, right = scale.place(span.begins), scale.place(span.ends)
    width = max(round(right - left, 2), 0.3)
    cut = None
    if span.revoked_at is not None:
        cut = min(max(scale.place(span.revoked_at), left), right)
    is_right = left > _RIGHT
    return Bar(span, y, left, width, cut, text_x=right if is_right else left, anchor="end" if is_right else "start")


def _ticks(scale: _Scale) -> list[tuple[float, str]]:
    """Return the first days of months or years, few enough to read."""
    months = (scale.end.year - scale.begin.year) * 12 + scale.end.month - scale.begin.month
    step = next((step for step in _STEPS if months / step <= _MOST_TICKS), _STEPS[-1])
    first = scale.begin.year * 12 + scale.begin.month - 1
    ticks = []
    for number in range(first - first % step + step, first + months + 1, step):
        year, month = divmod(number, 12)
        day = scale.begin.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
        ticks.append((scale.place(day), f"{year}" if step >= 12 else f"{year}-{month + 1:02}"))
    return [(place, words) for place, words in ticks if _NARROW < place < 100 - _NARROW]
