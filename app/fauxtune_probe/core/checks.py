"""The things that an answer must have, each a value that says what it expects and what is there instead.

A path into a document is written `value/0/id`. Sources: OData JSON 4.01, and Graph's "Error responses and resource
types".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fauxtune_probe.core.model import Answer, Check, NothingThere, Values
from fauxtune_probe.core.texts import filled, masked, masked_value

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z")
_ABSENT = object()

#: The kinds of values that `Has` knows.
KINDS: Mapping[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
    "time": lambda value: isinstance(value, str) and _TIME.fullmatch(value) is not None,
    "GUID": lambda value: isinstance(value, str) and _GUID.fullmatch(value) is not None,
    "null": lambda value: value is None,
    "value": lambda _value: True,
}


def at(document: Any, path: str) -> Any:
    """Return the value at a path of a document; `ABSENT` if there is no such value."""
    for name in path.split("/") if path else ():
        if isinstance(document, dict) and name in document:
            document = document[name]
        elif isinstance(document, list) and name.isdigit() and int(name) < len(document):
            document = document[int(name)]
        else:
            return _ABSENT
    return document


def has(document: Any, path: str) -> bool:
    """Whether a document has a value at this path."""
    return at(document, path) is not _ABSENT


def said(answer: Answer) -> str:
    """Return status, code and message of an answer, as reports show them."""
    if answer.problem:
        return answer.problem
    code, message = at(answer.document, "error/code"), at(answer.document, "error/message")
    if code is not _ABSENT or message is not _ABSENT:
        return f"{answer.status} {masked(code)}: {masked(message)}"
    media = answer.headers.get("content-type", "no content").partition(";")[0]
    return f"{answer.status} ({media})" if answer.document is None and answer.text else str(answer.status)


def _shown(path: str, value: Any) -> str:
    return "nothing there" if value is _ABSENT else masked_value(path.rpartition("/")[2], value)


@dataclass(frozen=True, slots=True)
class Status:
    """The answer has one of these statuses."""

    codes: tuple[int, ...]

    def expects(self, _values: Values) -> str:
        """Say it in few words."""
        return f"status {' or '.join(map(str, self.codes))}"

    def deviation(self, answer: Answer, _values: Values) -> str | None:
        """Return the status, with what the service said."""
        return None if answer.status in self.codes else said(answer)


@dataclass(frozen=True, slots=True)
class Code:
    """The error has one of these codes."""

    codes: tuple[str, ...]

    def expects(self, _values: Values) -> str:
        """Say it in few words."""
        return f"error code {' or '.join(self.codes)}"

    def deviation(self, answer: Answer, _values: Values) -> str | None:
        """Return the code of the error."""
        return None if at(answer.document, "error/code") in self.codes else said(answer)


@dataclass(frozen=True, slots=True)
class Header:
    """The answer has the header, and its value matches the pattern (no pattern: the header is absent)."""

    name: str
    pattern: str | None

    def expects(self, values: Values) -> str:
        """Say it in few words."""
        if self.pattern is None:
            return f"no header {self.name}"
        return f"a header {self.name} like {masked(filled(self.pattern, values))}"

    def deviation(self, answer: Answer, values: Values) -> str | None:
        """Return the value of the header."""
        value = answer.headers.get(self.name.lower())
        if self.pattern is None:
            return None if value is None else masked(value)
        if value is not None and re.search(filled(self.pattern, values), value, re.IGNORECASE):
            return None
        return "no such header" if value is None else masked(value)


@dataclass(frozen=True, slots=True)
class Text:
    """The whole body matches the pattern."""

    pattern: str

    def expects(self, _values: Values) -> str:
        """Say it in few words."""
        return f"a body like {self.pattern}"

    def deviation(self, answer: Answer, _values: Values) -> str | None:
        """Return the beginning of the body."""
        return None if re.search(self.pattern, answer.text) else masked(answer.text[:200]) or "an empty body"


@dataclass(frozen=True, slots=True)
class Has:
    """There is a value of this kind at the path; with a `/` in the kind, of one of several."""

    path: str
    kind: str = "value"

    def expects(self, _values: Values) -> str:
        """Say it in few words."""
        return f"{self.path}: a {self.kind.replace('/', ' or ')}"

    def deviation(self, answer: Answer, _values: Values) -> str | None:
        """Return what is at the path."""
        value = at(answer.document, self.path)
        fits = value is not _ABSENT and any(KINDS[kind](value) for kind in self.kind.split("/"))
        return None if fits else _shown(self.path, value)


@dataclass(frozen=True, slots=True)
class Lacks:
    """There is nothing at the path."""

    path: str

    def expects(self, _values: Values) -> str:
        """Say it in few words."""
        return f"no {self.path}"

    def deviation(self, answer: Answer, _values: Values) -> str | None:
        """Return what is at the path."""
        value = at(answer.document, self.path)
        return None if value is _ABSENT else _shown(self.path, value)


@dataclass(frozen=True, slots=True)
class Equal:
    """The value at the path is one of these. Texts may be `{names}`; casing counts."""

    path: str
    values: tuple[Any, ...]

    def expects(self, _values: Values) -> str:
        """Say it in few words."""
        return f"{self.path}: {' or '.join('null' if value is None else str(value) for value in self.values)}"

    def deviation(self, answer: Answer, values: Values) -> str | None:
        """Return what is at the path."""
        value = at(answer.document, self.path)
        wanted = [filled(each, values) if isinstance(each, str) else each for each in self.values]
        fits = any(type(each) is type(value) and each == value for each in wanted)
        return None if fits else _shown(self.path, value)


@dataclass(frozen=True, slots=True)
class Other:
    """The value at the path is not this one."""

    path: str
    value: str

    def expects(self, _values: Values) -> str:
        """Say it in few words."""
        return f"{self.path}: another value than {self.value}"

    def deviation(self, answer: Answer, values: Values) -> str | None:
        """Return what is at the path."""
        value = at(answer.document, self.path)
        return _shown(self.path, value) if value is _ABSENT or str(value) == filled(self.value, values) else None


@dataclass(frozen=True, slots=True)
class Matches:
    """The text at the path has a part that matches the pattern, in any casing."""

    path: str
    pattern: str

    def expects(self, _values: Values) -> str:
        """Say it in few words."""
        return f"{self.path} like {self.pattern}"

    def deviation(self, answer: Answer, values: Values) -> str | None:
        """Return what is at the path."""
        value = at(answer.document, self.path)
        pattern = filled(self.pattern, {name: re.escape(each) for name, each in values.items()})
        fits = isinstance(value, str) and re.search(pattern, value, re.IGNORECASE | re.DOTALL)
        return None if fits else _shown(self.path, value)


@dataclass(frozen=True, slots=True)
class Members:
    """The object at the path has these members and no others, apart from annotations."""

    path: str
    names: tuple[str, ...]

    def expects(self, _values: Values) -> str:
        """Say it in few words."""
        return f"only members {', '.join(self.names)}"

    def deviation(self, answer: Answer, _values: Values) -> str | None:
        """Return the members."""
        value = at(answer.document, self.path)
        if not isinstance(value, dict):
            return _shown(self.path, value)
        names = {name for name in value if "@" not in name}
        return None if names == set(self.names) else f"members {', '.join(sorted(names))}"


@dataclass(frozen=True, slots=True)
class AtMost:
    """The list at the path has at most so many elements."""

    path: str
    number: int

    def expects(self, _values: Values) -> str:
        """Say it in few words."""
        return f"{self.path}: at most {self.number} elements"

    def deviation(self, answer: Answer, _values: Values) -> str | None:
        """Return what is at the path."""
        value = at(answer.document, self.path)
        return None if isinstance(value, list) and len(value) <= self.number else _shown(self.path, value)


@dataclass(frozen=True, slots=True)
class SameHost:
    """The address at the path is absolute, and on the host and in the version that were called."""

    path: str

    def expects(self, _values: Values) -> str:
        """Say it in few words."""
        return f"{self.path}: an absolute address on the host that was called"

    def deviation(self, answer: Answer, _values: Values) -> str | None:
        """Return the scheme and host of the address."""
        value = at(answer.document, self.path)
        if not isinstance(value, str):
            return _shown(self.path, value)
        there, here = urlsplit(value), urlsplit(answer.url)
        version = here.path.lstrip("/").partition("/")[0]
        same = (there.scheme, there.netloc) == (here.scheme, here.netloc)
        return None if same and there.path.startswith(f"/{version}/") else f"an address on {there.netloc or 'no host'}"


@dataclass(frozen=True, slots=True)
class Ordered:
    """The texts of a member of the elements come in order; letters and digits count, casing does not."""

    path: str
    name: str
    descending: bool = False

    def expects(self, _values: Values) -> str:
        """Say it in few words."""
        return f"{self.path} in {'descending' if self.descending else 'ascending'} order of {self.name}"

    def deviation(self, answer: Answer, _values: Values) -> str | None:
        """Say whether the order is another one."""
        keys = [
            "".join(filter(str.isalnum, str(element.get(self.name)).casefold()))
            for element in elements(answer, self.path)
        ]
        if len(set(keys)) < 2:
            raise NothingThere(f"two elements of different {self.name}")
        return None if keys == sorted(keys, reverse=self.descending) else "another order"


@dataclass(frozen=True, slots=True)
class Each:
    """Every element of the list at the path meets the check; `some`: at least one does."""

    path: str
    check: Check
    some: bool = False

    def expects(self, values: Values) -> str:
        """Say it in few words."""
        return f"{'an element' if self.some else 'every element'} of {self.path} has {self.check.expects(values)}"

    def deviation(self, answer: Answer, values: Values) -> str | None:
        """Return what the first element has that does not meet the check. Raises NothingThere for an empty list."""
        value = at(answer.document, self.path)
        if not isinstance(value, list):
            return _shown(self.path, value)
        if not value:
            raise NothingThere("anything in this list")
        answers = (Answer(answer.status, answer.headers, document=each, url=answer.url) for each in value)
        wrong = [self.check.deviation(each, values) for each in answers]
        if self.some:
            return None if None in wrong else f"no such element among {len(value)}"
        return next((each for each in wrong if each is not None), None)


@dataclass(frozen=True, slots=True)
class Both:
    """One value meets all of several checks: for an element of a list."""

    checks: tuple[Check, ...]

    def expects(self, values: Values) -> str:
        """Say it in few words."""
        return " and ".join(check.expects(values) for check in self.checks)

    def deviation(self, answer: Answer, values: Values) -> str | None:
        """Return the first deviation."""
        return next((wrong for check in self.checks if (wrong := check.deviation(answer, values)) is not None), None)


def elements(answer: Answer, path: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of the list at the path."""
    value = at(answer.document, path)
    yield from (each for each in (value if isinstance(value, list) else ()) if isinstance(each, dict))
