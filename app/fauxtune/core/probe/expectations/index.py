"""THE list of expectations. Their ids are the names in reports and in docs/coverage.md."""

from __future__ import annotations

from fauxtune.core.probe.expectations.batches import BATCHES
from fauxtune.core.probe.expectations.changes_of_intune import CHANGES_OF_INTUNE
from fauxtune.core.probe.expectations.changes_of_the_directory import CHANGES_OF_THE_DIRECTORY
from fauxtune.core.probe.expectations.devices import DEVICES
from fauxtune.core.probe.expectations.directory import DIRECTORY
from fauxtune.core.probe.expectations.doubts import DOUBTS
from fauxtune.core.probe.expectations.envelope import ENVELOPE
from fauxtune.core.probe.expectations.profiles import PROFILES
from fauxtune.core.probe.expectations.queries import QUERIES
from fauxtune.core.probe.model import Expectation

EXPECTATIONS: tuple[Expectation, ...] = (
    *ENVELOPE,
    *QUERIES,
    *DIRECTORY,
    *DEVICES,
    *PROFILES,
    *BATCHES,
    *DOUBTS,
    *CHANGES_OF_THE_DIRECTORY,
    *CHANGES_OF_INTUNE,
)
