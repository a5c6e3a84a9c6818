"""Events of the journal as lines of a page: what happened, and links to the things that it happened to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.model.ids import EnrollmentId, ProfileId, TenantId
from fauxtune.core.model.journal_words import tone, words
from fauxtune.core.model.marks import Mark
from fauxtune.core.model.platform_words import VARIANTS
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import overview as queries
from fauxtune.storage.rows.tenants import JournalRow
from fauxtune.surfaces.console.shown_marks import mark

_KINDS = {variant.value: text for variant, text in VARIANTS.items()}
#: data. An action of Graph -> its words, where they are not its name.
_ACTIONS = {"syncDevice": "sync", "remoteLock": "lock", "rebootNow": "restart", "setDeviceName": "rename"}


@dataclass(frozen=True, slots=True)
class Happening:
    """One event. `tone`: good, bad, going or neutral; `device_name` is None for an enrolment that is not there;
    `source` is that of the certificate.
    """

    number: int
    time: datetime
    words: str
    tone: str
    user: str | None
    device: str | None
    device_name: str | None
    profile: str | None
    mark: Mark | None
    source: str | None
    serial: str | None


def happenings(connection: Connection, tenant_id: TenantId, *, rows: Sequence[JournalRow]) -> list[Happening]:
    """Return the lines of these events, with the present names of devices and profiles."""
    profiles = {ProfileId(row.profile) for row in rows if row.profile is not None}
    names = configuration_queries.names_of_policies(connection, tenant_id, ids=profiles)
    devices = queries.device_names(
        connection, tenant_id, ids={EnrollmentId(row.device) for row in rows if row.device is not None}
    )
    return [_happening(row, names=names, devices=devices) for row in rows]


def _happening(row: JournalRow, *, names: dict[ProfileId, str], devices: dict[EnrollmentId, str]) -> Happening:
    profile = None if row.profile is None else names.get(ProfileId(row.profile))
    certificate = row.certificate or {}
    thumbprint = certificate.get("thumbprint")
    plain = {**certificate, "thumbprint": None} if certificate else None
    return Happening(
        number=row.seq,
        time=row.time,
        # The mark stands beside the words, in place of the beginning of a thumbprint.
        words=words(row.type, profile=profile, certificate=plain, detail=_in_words(row.detail)),
        tone=tone(row.type).value,
        user=row.user,
        device=row.device,
        device_name=None if row.device is None else devices.get(EnrollmentId(row.device)),
        profile=row.profile if profile is not None else None,
        mark=mark(thumbprint) if thumbprint else None,
        source=certificate.get("source"),
        serial=certificate.get("serial"),
    )


def _in_words(detail: JsonObject) -> JsonObject:
    """Return the detail of an event with the kind of device and the action as people call them."""
    known = {"variant": _KINDS, "action": _ACTIONS}
    return {name: known.get(name, {}).get(str(value), value) for name, value in detail.items()}
