"""What becomes of certificates, as a page for people: made from the tables themselves.

The same tables always give the same page, so that it can be kept beside the code and compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from fauxtune.core.engine.removal.lookup import AUTHORITIES, GAPS, Cell, Verdict, gap, sources, table
from fauxtune.core.engine.removal.table import Reissued
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Authority, Cause, Incident, Source
from fauxtune.core.model.tenants import Edition

Row = tuple[str, ...]
#: A cell, and whether a test shows it.
_Shown = tuple[Verdict, bool]

HEAD = """# What is removed and what is revoked

```sh
fauxtune device wipe "alice's iPhone" --what-if      # what it would take from her phone, and what it would revoke
fauxtune device retire "alice's iPhone" --what-if
```

This page is generated (`make openapi` writes it): do not edit it. The same as data: `fauxtune.core.engine.removal`.

Microsoft's documents do not say the same at all times, nor always the same among themselves. A tenant goes by one
*edition* (its setting `edition`); [the editions side by side](editions.md) are a page of their own, with the actions
that devices can be asked for. In the tables *R* is removed from the device, *V* revoked at the certification
authority, *-* neither. *new* or *same*: the device is given a new certificate instead, or the same one again. An empty
cell cannot occur. The number names the document that the cell comes from; *Unverified* marks what no document says and
is our choice; where documents disagree, both are named. Every cell is shown by a test on simulated devices, but for
those with the mark °: "Cells that no device here can bring about" says why.

For PKCS most lists speak only of the assignment. Unverified: a deleted profile, a left group and another primary user
are taken for the same case, unless the document has a line for them. A device whose record is deleted is treated like
one that is wiped or retired: [the editions](editions.md) say which."""
NOT_SHOWN = """## Cells that no device here can bring about"""
SOURCES: dict[Source, str] = {
    Source.ROOT: "Trusted root",
    Source.PKCS: "PKCS",
    Source.IMPORTED: "Imported PFX",
    Source.SCEP: "SCEP",
    Source.EMAIL: "E-mail account",
    Source.SETTING: "Settings",
}
ISSUERS = {Authority.DIGICERT: " from DigiCert", Authority.PARTNER: " from a partner's authority"}
HAPPENINGS: dict[Cause | Incident, str] = {
    Cause.WIPE: "wipe",
    Incident.WIPE_KEEPING_ENROLLMENT: "wipe that keeps the enrolment",
    Cause.RETIRE: "retire",
    Cause.UNENROLL: "the user unenrols",
    Cause.DELETE: "delete",
    Cause.UNASSIGNED: "profile no longer assigned",
    Cause.LEFT_GROUP: "device or user left the group",
    Cause.PROFILE_DELETED: "profile deleted",
    Incident.PROFILE_EDITED: "profile edited",
    Cause.USER_CHANGED: "another primary user",
    Cause.USER_DELETED: "user deleted",
    Cause.LICENCE_LOST: "licence lost",
    Cause.CERTIFICATE_DELETED: "imported certificate deleted from the service",
    Incident.DELETED_BY_USER: "the user deletes it on the device",
    Incident.RENEWED: "renewal",
}


def removal_page() -> str:
    """The page, in Markdown."""
    parts = (
        HEAD,
        *(part for edition in Edition for part in _edition(edition)),
        NOT_SHOWN,
        markdown_table(("cells", *Edition), _gaps()),
    )
    return "\n\n".join(parts) + "\n"


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _edition(edition: Edition) -> Iterator[str]:
    yield f"## Edition {edition}"
    for source, word in SOURCES.items():
        for authority in AUTHORITIES.get(source, (Authority.MICROSOFT,)):
            yield f"### {word}{ISSUERS.get(authority, '')} ({edition})"
            yield from _matrix(edition, source=source, authority=authority)


def _matrix(edition: Edition, *, source: Source, authority: Authority) -> Iterator[str]:
    """The table, with kinds of device that fare the same in one column, and the documents below it."""
    columns: dict[tuple[_Shown | None, ...], list[Variant]] = {}
    for variant in (each for each in Variant if source in sources(each)):
        showns = (_shown(variant, edition, cell=(source, happening, authority)) for happening in HAPPENINGS)
        columns.setdefault(tuple(showns), []).append(variant)
    numbers: dict[tuple[str, str], int] = {}
    rows = []
    for index, words in enumerate(HAPPENINGS.values()):
        line = [column[index] for column in columns]
        if any(line):
            rows.append((words, *(_cell(each, numbers) for each in line)))
    head = ("what happens", *(", ".join(variants) for variants in columns.values()))
    yield markdown_table(head, rows)
    yield "\n".join(_note(number, cited, against=against) for (cited, against), number in numbers.items())


def _shown(variant: Variant, edition: Edition, *, cell: Cell) -> _Shown | None:
    answer = table(variant, edition).get(cell)
    return None if answer is None else (answer, gap(variant, edition, cell=cell) is None)


def _cell(verdicts: _Shown | None, numbers: dict[tuple[str, str], int]) -> str:
    if verdicts is None:
        return ""
    cell, is_shown = verdicts
    number = numbers.setdefault((cell.source, cell.disagreement), len(numbers) + 1)
    return f"{verdict(cell)}{'' if is_shown else '°'} ({number})"


def verdict(cell: Verdict) -> str:
    """A cell in the page's letters, without its document."""
    letters = "+".join(word for word, so in (("R", cell.removed), ("V", cell.revoked)) if so) or "-"
    return letters if cell.reissued is Reissued.NO else f"{letters}, {cell.reissued}"


def _note(number: int, cited: str, *, against: str) -> str:
    return f"{number}. {cited}." + (f" **The documents disagree.** {against}." if against else "")


def _gaps() -> list[Row]:
    """How many cells there are, how many are shown, and why the others are not."""
    by_key = {edition: Counter(gap(*cell[:2], cell=cell[2]) for cell in _cells(edition)) for edition in Edition}
    every = [("all", *(str(by_key[edition].total()) for edition in Edition))]
    results = [("shown by a test", *(str(by_key[edition][None]) for edition in Edition))]
    return (
        every + results + [(f"{each.why}", *(str(by_key[edition][each.why]) for edition in Edition)) for each in GAPS]
    )


def _cells(edition: Edition) -> Iterator[tuple[Variant, Edition, Cell]]:
    """Of who issued it, only where that makes a difference."""
    for variant in Variant:
        for cell in table(variant, edition):
            source, _happening, authority = cell
            if authority in AUTHORITIES.get(source, (Authority.MICROSOFT,)):
                yield variant, edition, cell
