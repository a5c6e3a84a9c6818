"""Editions: the year of Intune whose rules a tenant follows. Every rule that has changed since April 2020 depends on
it.

Microsoft's documents have changed since 2020: which devices can be wiped or retired, what is removed and revoked, which
connectors there are, what a variable stands for. A tenant follows one edition (its setting `edition`). The differences
are data beside the rule that uses them, with the document and date of each side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Edition(StrEnum):
    """The state of Microsoft's documentation that a tenant follows.

    `2020-04` is the month of the S/MIME overview of 2020-04-20, with the pages that were public then. `current` is the
    documentation as it was read on 2026-11-26.
    """

    APRIL_2020 = "2020-04"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Stated(Generic[T]):
    """A rule in one edition: the value for the code, the rule in words, the document with its date."""

    value: T
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class Changed(Generic[T]):
    """A rule that is not the same in all editions. `subject` names it for readers."""

    subject: str
    stated: Mapping[Edition, Stated[T]]

    def of(self, edition: Edition) -> T:
        """The value in this edition."""
        return self.stated[edition].value
