"""THE list of expectations. Their ids are the names in reports and in docs/coverage.md."""

from __future__ import annotations

from fauxtune.core.probe.expectations.batches import BATCHES
from fauxtune.core.probe.expectations.changes_of_intune import CHANGES_OF_INTUNE
from fauxtune.core.probe.expectations.changes_of_profiles import CHANGES_OF_PROFILES
from fauxtune.core.probe.expectations.changes_of_the_directory import CHANGES_OF_THE_DIRECTORY
from fauxtune.core.probe.expectations.devices import DEVICES
from fauxtune.core.probe.expectations.directory import DIRECTORY
from fauxtune.core.probe.expectations.doubts_of_changes import DOUBTS_OF_CHANGES
from fauxtune.core.probe.expectations.doubts_of_reading import DOUBTS_OF_READING
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
    *DOUBTS_OF_READING,
    *DOUBTS_OF_CHANGES,
    *CHANGES_OF_THE_DIRECTORY,
    *CHANGES_OF_PROFILES,
    *CHANGES_OF_INTUNE,
)
