"""Templates with values in their place, the texts of a report, and what is left out of reports.

Reports are meant to be shown to others: each says what the service does, and nothing about whose tenant it was.

Templates: `{name}` in paths, options, patterns and bodies, and the values in their place; and the things of the
tenant that are such values: which request shows them, and where in its answer they stand (`values.txt`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any
from urllib.parse import quote

from fauxtune.core.formats.secret_names import not_shown, secret_kind
from fauxtune.core.model.graph_permissions import names as permissions
from fauxtune.core.tables import table
from fauxtune_probe.core.model import Step, Values

_LONGEST = 200
_TOKEN = re.compile(r"\b[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*|\bBearer\s+\S+", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+%'-]+(?:#EXT#)?@[\w.-]+\w", re.IGNORECASE)
_GUID = re.compile(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\b[0-9a-f]{32,}\b|[A-Za-z0-9+/]{40,}={0,2}", re.IGNORECASE)
_NIL = re.compile(r"0{8}-0000-[04]000-[08]000-0{12}|a[cd]a[cd]a[cd]a[cd]-[0-9a-f-]{27}", re.IGNORECASE)
#: Members whose texts are words of Graph, not of people.
_HARMLESS = re.compile(
    r"^@|^$|(?:type|state|status|code|message|version|platform|purpose|usage|level|intent|source|system|datetime|date"
    r"|jailbroken|request-id|context|rule)s?$",
    re.IGNORECASE,
)


def masked(value: object) -> str:
    """Return a text of the service as reports may show it: short, on one line, without secrets and names of people."""
    text = _TOKEN.sub(not_shown("token"), str(value))
    text = _ADDRESS.sub("someone@the.tenant", text)
    text = _GUID.sub(lambda match: match[0] if _NIL.fullmatch(match[0]) else "{id}", text)
    text = _LONG_NUMBER.sub("{…}", text)
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def masked_value(name: str, value: Any) -> str:
    """Return the value of a member as reports may show it: texts of people only by their kind."""
    kind = secret_kind(name)
    if kind is not None and isinstance(value, str) and value not in ("", "AA=="):
        return not_shown(kind)
    if isinstance(value, dict):
        return f"an object with {len(value)} members"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str) and value:
        return masked(value) if _HARMLESS.search(name) else f"another text, of {len(value)} characters"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)


#: Not a repetition of a pattern: `{8}`, and not a variable of a profile: `{{UserName}}`.
_NAME = re.compile(r"(?<!\{)\{([A-Za-z]\w*)\}(?!\})")


def names(text: str) -> list[str]:
    """Return the names in a template."""
    return _NAME.findall(text)


def names_of(step: Step) -> list[str]:
    """Return the names in path, headers, body and checks."""
    return [name for text in _texts((step.path, dict(step.headers), step.body, step.checks)) for name in names(text)]


def filled(text: str, values: Values) -> str:
    """Return the template with values in place of their names; names without a value stay."""
    return _replaced(text, values, write=str)


def filled_path(path: str, values: Values) -> str:
    """Return a path with its options; values are written as URLs and OData's literals have them."""
    place, mark, options = path.partition("?")
    place = _replaced(place, values, write=lambda value: quote(value, safe="@"))
    options = _replaced(options, values, write=lambda value: quote(value.replace("'", "''"), safe="@"))
    return f"{place}{mark}{options.replace(' ', '%20')}"


def filled_body(body: Any, values: Values) -> Any:
    """Return a JSON value with values in place of their names in all of its texts."""
    if isinstance(body, str):
        return filled(body, values)
    if isinstance(body, list):
        return [filled_body(each, values) for each in body]
    return {name: filled_body(each, values) for name, each in body.items()} if isinstance(body, dict) else body


def _replaced(text: str, values: Values, *, write: Callable[[str], str]) -> str:
    return _NAME.sub(lambda match: write(values[match[1]]) if match[1] in values else match[0], text)


def _texts(value: object) -> list[str]:
    """Return every text in a value: of lists, of objects, and of checks, which hold others."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    elif is_dataclass(value):
        value = [getattr(value, field.name) for field in fields(value)]
    return [text for each in value for text in _texts(each)] if isinstance(value, list | tuple) else []


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
