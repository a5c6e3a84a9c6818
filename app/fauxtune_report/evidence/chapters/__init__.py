"""The chapters of a report, in their order: a function from a view to a chapter each."""

from __future__ import annotations

from fauxtune_report.evidence.chapters import ends, keys, mails, short, story
from fauxtune_report.evidence.chapters import ends as limits
from fauxtune_report.evidence.claim import Chapter
from fauxtune_report.evidence.view import View

_CHAPTERS = (
    short.in_short,
    story.people,
    story.in_order,
    story.trust,
    keys.holdings,
    keys.of_one_device,
    keys.of_a_person,
    mails.earlier_years,
    keys.later_device,
    mails.address_book,
    mails.signatures,
    mails.readings,
    ends.departures,
    ends.answers,
    keys.made_on_the_device,
    limits.limits,
)


def chapters(view: View) -> list[Chapter]:
    """Return all chapters; one for which a tenant has nothing says so."""
    return [chapter(view) for chapter in _CHAPTERS]
