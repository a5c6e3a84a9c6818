"""The words of the probe: an expectation, its requests, an answer, and the outcome.

An expectation says in one sentence what Microsoft Graph does, names the document for it, and has the requests that show
it. Paths are templates: `/users/{user}` has the names of the keys that docs/coverage.md has, and `{user}` is the id of
something in the tenant (`values`) or of what the expectation made itself (`Step.keeps`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

Json = dict[str, Any]
#: What stands in paths, options and bodies for `{name}`.
Values = Mapping[str, str]


class Verdict(StrEnum):
    """What a run says of an expectation."""

    CONFIRMED = "confirmed"
    DIFFERS = "differs"
    NOT_TRIED = "not tried"


class Basis(StrEnum):
    """What an expectation rests on."""

    DOCUMENT = "document"
    #: Answers of live tenants that others published.
    OBSERVATION = "observation"
    #: The emulator's own choice, because no document says it: `Unverified:` in the code.
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered. `headers` have names in lower case; `document` is None if the body is no JSON.

    `problem` says, in place of an answer, why there is no answer that can be judged.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    document: Any = None
    url: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A request to send. `path` is below the service's address and begins with the version; `signed`: with the token.

    `line` is what reports show of it: the template, without anything from the tenant.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content: str | None = None
    signed: bool = True
    line: str = ""


class NothingThere(Exception):
    """The tenant has nothing that the expectation could be tried on; the text says what is missing."""


class Check(Protocol):
    """One thing that an answer must have."""

    def expects(self, values: Values) -> str:
        """Say what is expected, in few words."""
        ...

    def deviation(self, answer: Answer, values: Values) -> str | None:
        """Return what is there in place of what is expected; None if the answer has it. Raises NothingThere."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of an expectation, and what its answer must have.

    `reads`: a POST that changes nothing, whatever it is answered. `of_host`: the path begins at the host, not at the
    version. `keeps`: names for parts of the answer that later steps use. `body` may hold `{names}`; `content` is sent
    as it is.
    """

    method: str
    path: str
    checks: tuple[Check, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content: str | None = None
    signed: bool = True
    of_host: bool = False
    reads: bool = False
    keeps: Mapping[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether the request may change something in the tenant."""
        return self.method != "GET" and not self.reads

    @property
    def line(self) -> str:
        """The request as reports show it."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What Microsoft Graph does, in one sentence, with the requests that show it.

    `source`: document and date. `versions`: v1.0, beta or both. `needs`: the permissions. `given`: names of values that
    the tenant must have (`values.SOURCES`). `signed_in_as`: "user" or "application", if only one of them can try it.
    `faithful`: a Fauxtune tenant shows it only with its switch `graph.faithfulQuery`. `differs_here`: in what the
    emulator is known to differ; it is not tried there. `of_today`: Intune of 2020 did not do so, nor do tenants of that
    edition.
    """

    id: str
    says: str
    source: str
    steps: tuple[Step, ...]
    basis: Basis = Basis.DOCUMENT
    versions: tuple[str, ...] = ("v1.0", "beta")
    needs: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    signed_in_as: str = ""
    faithful: bool = False
    differs_here: str = ""
    of_today: bool = False

    @property
    def writes(self) -> bool:
        """Whether it needs requests that may change something."""
        return any(step.changes for step in self.steps)

    @property
    def routes(self) -> tuple[tuple[str, str], ...]:
        """The rows of docs/coverage.md that it speaks for: method and path, without the options."""
        named = [
            (step.method, step.path.partition("?")[0])
            for step in self.steps
            if step.path.startswith("/") and not step.of_host
        ]
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, slots=True)
class Deviation:
    """One check that an answer did not meet."""

    request: str
    expected: str
    observed: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an expectation in one version. `why`: the reason why it was not tried; `notes`: what was seen
    besides, such as properties that the emulator does not have.
    """

    id: str
    version: str
    verdict: Verdict
    why: str = ""
    deviations: tuple[Deviation, ...] = ()
    notes: tuple[str, ...] = ()
