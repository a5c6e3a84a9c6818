"""The words of the test bench: a case, what was observed, and the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Result(StrEnum):
    """What the authority did in a case."""

    RIGHT = "right"
    WRONG = "wrong"
    #: No document is violated, but a developer should know.
    NOTE = "note"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that an authority does right or wrong. `looks_at`: what is done, and what is looked at; `expected`:
    what is right, and `source` the document that says so.
    """

    id: str
    group: str
    title: str
    looks_at: str
    expected: str
    source: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a case, and what was seen. `seconds`: how long the case took."""

    case: Case
    result: Result
    saw: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """A message that a device sent, as far as its answer can be read. `problem`: what is wrong with the answer;
    `certificate`: the issued one for the device's key, DER.
    """

    status: int | None = None
    pki_status: str | None = None
    fail_info: str | None = None
    fail_text: str = ""
    transaction: str = ""
    certificate: bytes | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What Intune's service heard about one request: the codes that it answered to validateRequest, and the
    notifications. A notification has the names of the journal; `transactions` are all that were named.
    """

    codes: tuple[str, ...] = ()
    successes: tuple[Mapping[str, Any], ...] = ()
    failures: tuple[Mapping[str, Any], ...] = ()
    transactions: frozenset[str] = frozenset()

    @property
    def is_granted(self) -> bool:
        """Whether the service let the authority issue."""
        return "Success" in self.codes
