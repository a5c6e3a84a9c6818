"""What an Apple device holds and what it is: its answers to the inventory commands, read for the engine.

Apple: "Device Management", Commands and Queries.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet

from fauxtune.core.engine.planning.report import Inventory
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.checkin.steps import AppSighting
from fauxtune.surfaces.devices.apple import apps, facts, mobileconfig
from fauxtune.surfaces.devices.apple.command_results import SEALED, SHOWN
from fauxtune.surfaces.devices.apple.translate import is_app_configuration

PROFILES = "ProfileList"
INVENTORY = (PROFILES, "CertificateList")
INFORMATION = ("DeviceInformation", "SecurityInfo")
#: Apple: on macOS the channel of a user knows this command, and the device's own does not.
_NOT_ON_MAC = ("ManagedApplicationFeedback",)
_HELD_BEFORE = (ItemState.INSTALLED, ItemState.REMOVING, ItemState.KEPT)
#: What the list of profiles shows, and no list of certificates.
_PROFILES_ALONE = (Source.EMAIL, Source.SETTING)
_REQUESTED = (ItemState.SENT, ItemState.FAILED)
_IDENTIFIER = re.compile(r"com\.fauxtune\.[^.]+\.(.+)")


class AppleAdapter:
    """The PlatformAdapter of Apple devices; without state."""

    def inventory_parts(self, _variant: Variant) -> tuple[str, ...]:
        """Return the commands that list what the device holds."""
        return INVENTORY

    def is_needed(self, part: str, *, keys: Collection[ItemKey]) -> bool:
        """Return True: every device is asked for both lists."""
        return True

    def information_parts(self, variant: Variant, *, known: JsonObject) -> tuple[str, ...]:
        """Return the commands that describe the device; a supervised one is also asked for its bypass code."""
        if variant is Variant.MACOS:
            return INFORMATION
        supervised = (facts.BYPASS_CODE,) if known.get("isSupervised") is True else ()
        return (*INFORMATION, *_NOT_ON_MAC, *supervised)

    def parts_that_tell(self, key: ItemKey) -> frozenset[str]:
        """Return the commands whose answers show the item: both for a certificate, ProfileList for any other."""
        return frozenset({PROFILES} if key.startswith(("email/", "setting/")) else INVENTORY)

    def inventory(
        self,
        answers: Mapping[str, JsonObject],
        *,
        rows: Mapping[ItemKey, LedgerRow],
        acknowledged: AbstractSet[ItemKey],
    ) -> Inventory:
        """Return what the device holds, as far as its lists of profiles and certificates show."""
        held = _Held(answers, acknowledged=acknowledged)
        present = [row for row in rows.values() if held.has(row)]
        certificates = (Source.PKCS, Source.IMPORTED, Source.SCEP)
        return Inventory(
            identities={row.key: _thumbprint(row) for row in present if row.source in certificates},
            certificates=held.shown(rows.values()) if any(row.source is Source.SCEP for row in present) else {},
            roots=frozenset(row.key.split("/")[1] for row in present if row.source is Source.ROOT),
            accounts={row.key: row.fingerprint or "" for row in present if row.source in _PROFILES_ALONE},
        )

    def apps(self, data: JsonObject) -> dict[str, AppSighting] | None:
        """Return what the device says of its apps, by their identifiers; None if it answered something else."""
        return apps.sightings(data)

    def sealed_key(self, answers: Mapping[str, JsonObject]) -> bytes | None:
        """Return the sealed recovery key of a Mac that escrows it (SecurityInfo)."""
        sealed = answers.get("SecurityInfo", {}).get(SEALED)
        return None if sealed is None else base64.b64decode(sealed)

    def facts(self, answers: Mapping[str, JsonObject], *, variant: Variant) -> JsonObject:
        """Return the device's properties by the names of Graph's managedDevice, without those that it left out."""
        return facts.facts(answers, on_mac=variant is Variant.MACOS)


def _thumbprint(row: LedgerRow) -> str:
    """The thumbprint of a certificate that the device holds; empty for one that it requested itself, until the service
    knows which of those that the device shows it is.
    """
    is_unknown = row.source is Source.SCEP and row.state in _REQUESTED
    return "" if is_unknown else row.thumbprint or ""


class _Held:
    """The device's lists of profiles and certificates, compared with the rows of the ledger."""

    def __init__(self, answers: Mapping[str, JsonObject], *, acknowledged: AbstractSet[ItemKey]) -> None:
        # A device may answer one command with what another asks for: then it has not answered the first.
        profiles = answers.get("ProfileList", {}).get("profiles")
        certificates = answers.get("CertificateList", {})
        self._acknowledged = acknowledged
        self._profiles: dict[str, tuple[str, str]] | None = None
        if profiles is not None:
            matches = ((_IDENTIFIER.fullmatch(name), name, uuid) for name, uuid in profiles.items())
            self._profiles = {match[1]: (name, uuid) for match, name, uuid in matches if match}
        self._certificates: JsonObject | None = certificates if "identities" in certificates else None

    def has(self, row: LedgerRow) -> bool:
        """Whether the device holds the item. If neither list can show it: whether the device confirmed it, or held it
        before.
        """
        if row.source is Source.EMAIL and row.payload and is_app_configuration(Account.decode(row.payload)):
            # No list shows it: the device confirmed it, or held it before.
            return row.key in self._acknowledged or row.state in _HELD_BEFORE
        if self._profiles is None and (self._certificates is None or row.source in _PROFILES_ALONE):
            return row.key in self._acknowledged or row.state in _HELD_BEFORE
        is_going = row.state in (ItemState.REMOVING, ItemState.KEPT)
        if self._profiles is not None:
            name, uuid = self._profiles.get(row.key.replace("/", "."), ("", ""))
            # An item that goes is there as long as any revision of its profile is.
            is_current = is_going or uuid in ("", mobileconfig.uuid_of(name, row))
            if not name or not is_current:
                return False
        return is_going or self._has_certificate(row)

    def _has_certificate(self, row: LedgerRow) -> bool:
        """mdmb and others confirm profiles whose certificates they do not keep: the list of certificates decides."""
        if self._certificates is None or row.source in _PROFILES_ALONE:
            return True
        if row.source is Source.SCEP and row.state in _REQUESTED:
            return True  # its thumbprint is not known yet
        part = "certificates" if row.source is Source.ROOT else "identities"
        return f"{row.thumbprint}".lower() in self._certificates[part]

    def shown(self, rows: Iterable[LedgerRow]) -> dict[str, bytes]:
        """The identities that the device shows whole, by thumbprint, without those that are other items."""
        listed = (self._certificates or {}).get(SHOWN) or {}
        others = {f"{row.thumbprint}".lower() for row in rows if row.source is not Source.SCEP}
        return {name: base64.b64decode(text) for name, text in listed.items() if name not in others}
