"""Things of the tenant that expectations are tried on: which request shows them, and where in its answer they stand
(`values.txt`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fauxtune.core.model.graph_permissions import names as permissions
from fauxtune.core.tables import table


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: a path below the version, what to take from the answer, what it is in words.

    `place` begins with `value/0`, or with `value/*`: the first element whose list `having` is not empty.
    """

    path: str
    place: str
    words: str
    needs: str
    beta_only: bool = False
    having: str = ""


#: What stands in templates for `{name}` in every run.
ALWAYS = ("absent", "prefix", "password")


def _sources() -> Iterator[tuple[str, Source]]:
    for line in table(__package__ or "", "values.txt"):
        line.known(line.first, ("read",), what="kind of line")
        line.only("needs", "only", below=True)
        (path,) = line.after_first("PATH")
        needs = line.option("needs", permissions(), default="")
        beta = line.option("only", ("beta",), default="") == "beta"
        for each in line.below:
            each.only("having")
            place, words = each.after_first("PLACE THING")
            having = each.options.get("having", "")
            yield each.first, Source(path, place, words, needs, beta_only=beta, having=having)


#: By the names in templates.
SOURCES: Mapping[str, Source] = dict(_sources())
