"""THE list of expectations. Their ids are the names in reports and in docs/coverage.md."""

from __future__ import annotations

from fauxtune_probe.core.expectations.reading import expectations
from fauxtune_probe.core.model import Expectation

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
