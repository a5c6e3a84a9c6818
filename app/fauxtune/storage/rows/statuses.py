"""Rows of the joins that statuses of profiles are read with."""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class ConfigurationStateRow:
    """The state of a profile on a device, and the columns that the states of its settings are made from. `device`: the
    document of the managed device.
    """

    document: JsonObject
    kind: str
    enrollment_id: EnrollmentId
    error_code: int | None
    message: str | None
    device: JsonObject
