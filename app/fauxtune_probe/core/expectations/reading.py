"""THE list of expectations, read from tables that are written as `words.txt` says. A mistake in one has its file and
line.

The ids of expectations are the names in reports and in docs/coverage.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from fauxtune.core.model.graph_permissions import names as permissions
from fauxtune.core.tables import Line, table
from fauxtune_probe.core.checks import Code, Has, Status
from fauxtune_probe.core.expectations.check_words import CHECKS, Named, read_checks
from fauxtune_probe.core.model import Basis, Check, Expectation, Step
from fauxtune_probe.core.texts import ALWAYS, SOURCES, names_of

_PACKAGE = __package__ or ""
_PERMISSIONS = frozenset(permissions())
#: With the status of an answer that no check names.
_METHODS = {"GET": "200", "ASK": "200", "DELETE": "204", "POST": "", "PUT": "", "PATCH": ""}
_VERSIONS = {"v1.0,beta": ("v1.0", "beta"), "v1.0": ("v1.0",), "beta": ("beta",)}


def expectations(name: str) -> tuple[Expectation, ...]:
    """Return the expectations of a table. Raises Mistake."""
    return read(table(_PACKAGE, f"{name}.txt"))


def read(lines: tuple[Line, ...]) -> tuple[Expectation, ...]:
    """Return the expectations of a table's lines. Raises Mistake."""
    named = replace(_words(), bodies={}, checks={}, steps={})
    return tuple(expectation for line in lines if (expectation := _read(line, named)))


@cache
def _words() -> Named:
    return read_words(table(_PACKAGE, "words.txt"))


def read_words(lines: tuple[Line, ...]) -> Named:
    """Return the documents and patterns that all tables use. Raises Mistake."""
    named = Named()
    for line in lines:
        kind = line.known(line.first, ("page", "document", "pattern"), what="kind of line")
        line.only("basis")
        if kind == "page":
            (named.page,) = line.after_first("TEXT")
        elif kind == "pattern":
            name, pattern = line.after_first("NAME PATTERN")
            named.patterns[name] = named.pattern(line, pattern)
        else:
            name, *page, text = line.after_first("NAME [page] TEXT")
            for word in page:
                line.known(word, ("page",), what="word before the title of a page")
            named.documents[name] = (named.page.format(text) if page else text, _basis(line, Basis.DOCUMENT))
    return named


def _read(line: Line, named: Named) -> Expectation | None:
    """Read a line that is not indented: an expectation, or what gets a name."""
    kinds = {"body": named.bodies, "checks": named.checks, "steps": named.steps}
    kind = line.known(line.first, ("expectation", *kinds), what="kind of line")
    if kind == "expectation":
        return _expectation(line, named)
    name = line.after_first("NAME [BODY] [JSON]" if kind == "body" else "NAME")[0]
    if name in kinds[kind]:
        raise line.mistake(f"'{kind} {name}' stands above already; each name stands for one thing")
    if kind == "body":
        line.only("without")
        named.bodies[name] = _body(line, named)
        return None
    line.only(below=True)
    for each in line.below:
        if kind == "checks":
            named.checks[name] = named.checks.get(name, ()) + read_checks(each, named=named)
        else:
            named.steps[name] = named.steps.get(name, ()) + _steps(each, named)
    return None


def _expectation(line: Line, named: Named) -> Expectation:
    line.only(below=True)
    id_, says = line.after_first('ID "SENTENCE"')
    members: dict[str, Any] = {}
    steps: list[Step] = []
    for each in line.below:
        if each.first in _MEMBERS:
            member = _MEMBERS[each.first](each, named)
            if members.keys() & member.keys():
                raise each.mistake(f"'{each.first}' stands in an expectation once")
            members |= member
            continue
        each.known(each.first, (*_METHODS, "steps", *_MEMBERS), what="request or part of an expectation")
        new = _steps(each, named)
        steps += new
        known = {*ALWAYS, *SOURCES, *(name for step in steps for name in step.keeps)}
        for name in [name for step in new for name in names_of(step)]:
            each.known(name, known, what="thing of the tenant, and nothing that is kept, by the name")
    if not steps or "source" not in members:
        raise line.mistake("an expectation has a line 'by DOCUMENT', and requests such as 'GET /users'")
    return Expectation(id=id_, says=says, steps=tuple(steps), **members)


def _by(line: Line, named: Named) -> dict[str, Any]:
    """Read what an expectation rests on, in which versions, and the permissions that it needs."""
    line.only("basis", "versions", "needs")
    *page, source = line.after_first("[page] DOCUMENT")
    basis = Basis.DOCUMENT
    if page:
        line.known(page[0], ("page",), what="word before the title of a page")
        source = named.page.format(source)
    elif " " not in source:
        source, basis = named.documents[line.known(source, named.documents, what="document")]
    needs = tuple(line.known(each, _PERMISSIONS, what="permission of Graph") for each in line.listed("needs"))
    versions = _VERSIONS[line.option("versions", _VERSIONS, default="v1.0,beta")]
    return {"source": source, "basis": _basis(line, basis), "needs": needs, "versions": versions}


def _basis(line: Line, default: Basis) -> Basis:
    return Basis(line.option("basis", list(Basis), default=default))


def _given(line: Line, _named: Named) -> dict[str, Any]:
    line.only()
    return {
        "given": tuple(line.known(each, SOURCES, what="thing of the tenant") for each in line.after_first("THING..."))
    }


def _signed_in_as(line: Line, _named: Named) -> dict[str, Any]:
    line.only()
    (who,) = line.after_first("WHO")
    return {"signed_in_as": line.known(who, ("user", "application"), what="way to sign in")}


def _differs_here(line: Line, _named: Named) -> dict[str, Any]:
    line.only()
    return {"differs_here": line.after_first('"SENTENCE"')[0]}


def _flag(line: Line, _named: Named) -> dict[str, Any]:
    line.only()
    line.after_first("")
    return {line.first.replace("-", "_"): True}


#: What an expectation has besides its requests.
_MEMBERS: Mapping[str, Callable[[Line, Named], dict[str, Any]]] = {
    "by": _by,
    "given": _given,
    "signed-in-as": _signed_in_as,
    "differs-here": _differs_here,
    "faithful": _flag,
    "of-today": _flag,
}


def _steps(line: Line, named: Named) -> tuple[Step, ...]:
    """Read a request, or the name of several."""
    if line.first == "steps":
        line.only()
        return named.steps[line.known(line.after_first("NAME")[0], named.steps, what="name of steps")]
    method = line.known(line.first, _METHODS, what="request")
    line.only("status", "refused", "code", "without", below=True)
    path = line.after_first("PATH [BODY] [JSON]")[0]
    if not path.startswith("/") and path != "{next}":
        raise line.mistake(f"a path begins with /, or is {{next}}; '{path}' does not")
    body = _body(line, named)
    checks = _status(line)
    more: dict[str, Any] = {"headers": {}, "keeps": {}}
    for each in line.below:
        if each.first in _PARTS:
            _part(each, more)
        else:
            each.known(each.first, (*CHECKS, *_PARTS), what="check or part of a request")
            checks += read_checks(each, named=named, sent=body)
    reads = method == "ASK"
    return (Step(method="POST" if reads else method, path=path, checks=checks, body=body, reads=reads, **more),)


#: What stands below a request besides checks, and the words after it.
_PARTS = {"sends": "HEADER VALUE", "keeps": "NAME PLACE", "content": "TEXT", "unsigned": "", "of-host": ""}


def _part(line: Line, more: dict[str, Any]) -> None:
    line.only()
    match line.first, line.after_first(_PARTS[line.first]):
        case "sends", [name, value]:
            more["headers"][name] = value
        case "keeps", [name, place]:
            more["keeps"][name] = place
        case "content", [text]:
            more["content"] = text
        case "unsigned", _:
            more["signed"] = False
        case _:
            more["of_host"] = True


def _status(line: Line) -> tuple[Check, ...]:
    """Read the status, and of a refusal the codes: it has a message as well."""
    status, refused, codes = line.listed("status"), line.listed("refused"), line.listed("code")
    if (status and refused) or (codes and not refused):
        raise line.mistake("a request has status=, or refused= and perhaps code=")
    numbers = status or refused or (_METHODS[line.first],)
    if not all(re.fullmatch("[1-5][0-9][0-9]", number) for number in numbers):
        raise line.mistake(f"a {line.first} has a status, such as status=201 or refused=400,404")
    code, message = (Code(codes),) if codes else (), (Has("error/message", "text"),) if refused else ()
    return (Status(tuple(map(int, numbers))), *code, *message)


def _body(line: Line, named: Named) -> dict[str, Any] | None:
    """Read what stands after the second word: the name of a body, an object of JSON, or both: then its members replace
    those of the body. `without` takes members away.
    """
    body, more = None, line.values[2:]
    if more and isinstance(more[0], str):
        kind = "name of a body (a path with blanks stands in double quotes)"
        body, more = named.bodies[line.known(more[0], named.bodies, what=kind)], more[1:]
    if not all(isinstance(each, dict) for each in more) or len(more) > 1:
        raise line.mistake("a body is the name of one that stands above, an object of JSON, or the name and then JSON")
    if more:
        body = {**(body or {}), **more[0]}
    for name in line.listed("without"):
        line.known(name, body or (), what="member of the body")
        body = {each: value for each, value in (body or {}).items() if each != name}
    return body


#: The tables, in the order in which their expectations are tried.
_TABLES = (
    "envelope",
    "queries",
    "directory",
    "devices",
    "profiles",
    "batches",
    "doubts_of_reading",
    "doubts_of_changes",
    "changes_of_the_directory",
    "changes_of_profiles",
    "changes_of_intune",
)

EXPECTATIONS: tuple[Expectation, ...] = tuple(each for name in _TABLES for each in expectations(name))
