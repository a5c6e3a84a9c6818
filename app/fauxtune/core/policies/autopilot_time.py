"""How Autopilot's imports, assignments and synchronisations go on with time.

Graph: importedWindowsAutopilotDeviceIdentityImportStatus, windowsAutopilotProfileAssignmentStatus,
windowsAutopilotSettings: sync (409 while one runs, 429 within ten minutes of the last one).

Unverified: how long each step takes. Published logs show imports of 1 to 15 minutes; here they are short, so that a
program that waits by its own watch is soon done, and long enough that it meets each status.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from fauxtune.core.clock import from_iso
from fauxtune.core.errors import TooSoon, UnderWay
from fauxtune.core.model.text import JsonObject

#: From the POST: the import is pending, and done. From the moment when a profile reaches a device: it is assigned.
PENDING_AFTER, IMPORTED_AFTER, ASSIGNED_AFTER = timedelta(seconds=10), timedelta(seconds=30), timedelta(seconds=30)
SYNC_TAKES, SYNC_AGAIN_AFTER = timedelta(seconds=30), timedelta(minutes=10)
#: Intune synchronises by itself, too.
SYNC_EVERY = timedelta(days=1)

UNKNOWN, PENDING = "unknown", "pending"
NOT_ASSIGNED, IN_SYNC, OUT_OF_SYNC, UNKNOWN_SYNC = (
    "notAssigned",
    "assignedInSync",
    "assignedOutOfSync",
    "assignedUnkownSyncState",
)
#: The statuses with which a device is told its profile.
ASSIGNED = frozenset({IN_SYNC, OUT_OF_SYNC, UNKNOWN_SYNC})
_IN_PROGRESS, _COMPLETED = "inProgress", "completed"


def import_status(age: timedelta) -> str | None:
    """Return the status of an import of this age; None: it is done."""
    if age >= IMPORTED_AFTER:
        return None
    return PENDING if age >= PENDING_AFTER else UNKNOWN


def assigned_status(assigned_at: datetime, *, changed_at: datetime, synced_at: datetime) -> str:
    """Return the status of a profile that was assigned at this moment, and changed and synchronised last at these.
    Unverified: that these moments decide it.
    """
    if synced_at < assigned_at:
        return UNKNOWN_SYNC
    return OUT_OF_SYNC if changed_at > synced_at else IN_SYNC


def last_sync(settings: JsonObject) -> datetime:
    """Return when the last synchronisation ended."""
    return from_iso(settings["lastSyncDateTime"])


def sync_ends(settings: JsonObject) -> datetime | None:
    """Return when the synchronisation that runs ends; None without one."""
    if settings["syncStatus"] != _IN_PROGRESS:
        return None
    return from_iso(settings["lastManualSyncTriggerDateTime"]) + SYNC_TAKES


def after_sync(settings: JsonObject, *, now: datetime) -> dict[str, object]:
    """Return what time has changed of the settings: a synchronisation that has ended, or the daily one."""
    ends = sync_ends(settings)
    if ends is not None:
        return {"syncStatus": _COMPLETED, "lastSyncDateTime": ends} if ends <= now else {}
    if now - last_sync(settings) >= SYNC_EVERY:
        return {"syncStatus": _COMPLETED, "lastSyncDateTime": now}
    return {}


def begun_sync(settings: JsonObject, *, now: datetime) -> dict[str, object]:
    """Return what a synchronisation that begins now changes. Raises UnderWay while one runs, TooSoon shortly after."""
    ends = sync_ends(settings)
    if ends is not None and ends > now:
        raise UnderWay("A synchronisation with the Autopilot service runs already.")
    since = now - from_iso(settings["lastManualSyncTriggerDateTime"])
    if timedelta(0) <= since < SYNC_AGAIN_AFTER:
        raise TooSoon("The Autopilot devices were synchronised less than ten minutes ago.")
    return {"syncStatus": _IN_PROGRESS, "lastManualSyncTriggerDateTime": now}
