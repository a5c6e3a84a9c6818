"""Editions: which year's Intune a tenant behaves like. Every rule that changed since April 2020 asks for it.

Microsoft's documents changed from 2020 on: what a wipe or a retire is offered for, what is removed and revoked, which
connectors there are, what a variable stands for. A tenant goes by one edition (its setting `edition`). What differs is
data beside the rule that uses it, with the document and date of each side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Edition(StrEnum):
    """The state of Microsoft's documentation that a tenant goes by.

    `2020-04` is the month of the S/MIME overview of 2020-04-20, with the pages that were public then. `current` is the
    documentation as it was read on 2026-11-26.
    """

    APRIL_2020 = "2020-04"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Stated(Generic[T]):
    """A rule in one edition: the value that the code goes by, the rule in words, the document with its date."""

    value: T
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class Changed(Generic[T]):
    """A rule that is not the same in all editions. `subject` is what it is about, in words for people."""

    subject: str
    stated: Mapping[Edition, Stated[T]]

    def of(self, edition: Edition) -> T:
        """The value in this edition."""
        return self.stated[edition].value
