"""The cases of the test bench, in the order in which they are tried: `cases.txt`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from fauxtune.core.scep.results import ResultCode
from fauxtune.core.scep.verification.model import Case
from fauxtune.core.tables import Line, table

_CODES = tuple(code.value for code in ResultCode)


@cache
def cases() -> Mapping[str, Case]:
    """Return the cases by their ids. Read when an authority is to be tried."""
    return {case.id: case for case in read_cases(table(__package__ or "", "cases.txt"))}


def read_cases(lines: Iterable[Line]) -> Iterator[Case]:
    """Yield the cases of a table. Raises Mistake."""
    documents: dict[str, str] = {}
    for line in lines:
        if line.known(line.first, ("document", "group"), what="kind of line") == "document":
            line.only()
            name, documents[name] = line.after_first("NAME TEXT")
            continue
        line.only(below=True)
        (group,) = line.after_first("NAME")
        yield from (_case(below, group, documents=documents) for below in line.below)


def _case(line: Line, group: str, *, documents: Mapping[str, str]) -> Case:
    line.only("by", "code", below=True)
    (title,) = line.after_first("TITLE")
    code = line.option("code", _CODES, default="")
    texts = line.texts(*(() if code else ("right",)), optional=("looks-at",))
    return Case(
        id=line.first,
        group=group,
        title=title,
        looks_at=texts.get("looks-at", f"A device sends a request with its challenge: {title}."),
        expected=texts.get("right", f"pkiStatus FAILURE and no certificate, as Intune's service answers {code}"),
        source=line.of_documents(documents),
    )
