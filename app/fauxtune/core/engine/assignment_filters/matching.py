"""Whether assignment filters match a device, from the filters' documents and Graph's record of the device.

Rules: Intune, "Use filters when assigning your apps, policies, and profiles": filters are evaluated when the device
checks in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fauxtune.core.engine.assignment_filters.language import meets, parse_rule
from fauxtune.core.engine.assignment_filters.properties import PLATFORMS, device_values, vocabulary_of
from fauxtune.core.model.ids import FilterId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class Matching:
    """Called with a filter's id: whether its rule holds for one device. `filters`: the filters' documents, by id."""

    filters: Mapping[FilterId, JsonObject]
    record: Mapping[str, Any]
    variant: Variant

    def __call__(self, filter_id: FilterId) -> bool:
        """Whether the device meets the rule; a device of another platform than the filter's does not."""
        document = self.filters.get(filter_id)
        platform = PLATFORMS.get(self.variant)
        if document is None or platform is None or document["platform"] != platform:
            return False
        rule = parse_rule(document["rule"], vocabulary_of(platform))
        return meets(rule, device_values(self.record, platform=platform))
