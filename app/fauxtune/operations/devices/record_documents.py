"""The document of a managed device as Graph shows it: with what its enrolment and its category know."""

from __future__ import annotations

from fauxtune.core.clock import iso
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.collections.devices import NO_CATEGORY
from fauxtune.storage.rows.devices import JoinedDeviceRow


def record_document(row: JoinedDeviceRow) -> JsonObject:
    """Return the document of a managed device, with the columns of its enrolment and its category."""
    document: JsonObject = {**row.document, "deviceCategoryDisplayName": row.category_name or NO_CATEGORY}
    if row.last_checkin_at is not None:
        document["lastSyncDateTime"] = iso(row.last_checkin_at)
    return document
