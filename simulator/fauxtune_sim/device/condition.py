"""The condition of a device that commands change (locked, restarted, lost), the position that it reports, and the
deliveries that it refuses because its owner has set it so. What is installed is not part of it.

A device refuses as one that cannot apply what it gets. Each platform answers in its own protocol: Android by
nonComplianceDetails, Apple by an ErrorChain, Windows by a status.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from fauxtune_sim.errors import NotAllowedHere, NotFoundHere

#: Below are no error codes of any platform: SyncML's begin with 400, Apple's with 1000, those of Windows are larger.
_LEAST, _MOST = 400, 0xFFFFFFFF


@dataclass(slots=True)
class Condition:
    """The present condition of a device. A factory reset creates a new one.

    `unlocked_since_boot`: whether it was unlocked since it started. `lost` is the text on the lock screen in lost mode,
    else None; `sounds` counts the sounds that it played; `notifications` are pairs of title and body. `shut_downs` and
    `cleanings` count how often it was shut down and its applications were removed; `scans` are the kinds of the scans
    for malware.
    """

    locked: bool = False
    unlocked_since_boot: bool = True
    passcode: str | None = None
    reboots: int = 0
    lost: str | None = None
    sounds: int = 0
    notifications: list[tuple[str, str]] = field(default_factory=list)
    shut_downs: int = 0
    cleanings: int = 0
    scans: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """The condition as JSON."""
        return asdict(self)

    def lock(self, locked: bool) -> None:
        """Lock or unlock the device."""
        self.locked = locked
        self.unlocked_since_boot = self.unlocked_since_boot or not locked

    def restart(self) -> None:
        """Restart the device: it is locked afterwards, and not unlocked since it started."""
        self.reboots += 1
        self.locked, self.unlocked_since_boot = True, False

    def shut_down(self) -> None:
        """Shut the device down. Differs from a device: it is on again, and locked, at its next check-in."""
        self.shut_downs += 1
        self.locked, self.unlocked_since_boot = True, False

    @classmethod
    def from_document(cls, document: dict[str, Any] | None) -> Condition:
        """Read the JSON of `document`; None, in state folders of earlier versions, gives a new condition."""
        values = dict(document or {})
        values["notifications"] = [(title, body) for title, body in values.get("notifications", ())]
        return cls(**values)


def position(device_id: str) -> tuple[float, float]:
    """Return the latitude and the longitude of a device. They depend on its id: they are always the same ones."""
    number = zlib.crc32(device_id.encode())
    east, north = number % 1000, number // 1000 % 1000
    return round(47.6 + north / 10_000, 4), round(-122.3 + east / 10_000, 4)


class Delivery(StrEnum):
    """A kind of delivery."""

    ROOT = "root"
    PKCS = "pkcs"
    IMPORTED = "imported"
    SCEP = "scep"
    EMAIL = "email"
    SETTING = "setting"
    APP = "app"


_WORDS = {
    Delivery.ROOT: "trusted certificates",
    Delivery.PKCS: "PKCS certificates",
    Delivery.IMPORTED: "imported certificates",
    Delivery.SCEP: "SCEP certificates",
    Delivery.EMAIL: "mail accounts",
    Delivery.SETTING: "settings",
    Delivery.APP: "apps",
}


class Refusals(dict[Delivery, int | None]):
    """The refused kinds, each with the error code to answer, or None for the platform's usual one."""

    def refuse(self, kind: str, code: int | None = None) -> None:
        """Refuse a kind from now on. Raises NotFoundHere for an unknown kind, NotAllowedHere for a wrong code."""
        if kind not in {known.value for known in Delivery}:
            raise NotFoundHere(f"a device can refuse {', '.join(Delivery)}, not {kind or 'nothing'}")
        if code is not None and not _LEAST <= code <= _MOST:
            raise NotAllowedHere(f"an error code is a number from {_LEAST} to {_MOST}, not {code}")
        self[Delivery(kind)] = code

    def reason(self, kind: str) -> str | None:
        """The reason why a delivery of this kind is refused, or None if it is not refused."""
        if kind not in self:
            return None
        known = Delivery(kind)
        return f"the device's owner has set it to refuse {_WORDS[known]}"

    def document(self) -> dict[str, int | None]:
        """The refusals as JSON."""
        return {kind.value: code for kind, code in self.items()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None) -> Refusals:
        """Read the JSON of `document`; None, in state folders of earlier versions, gives no refusals."""
        return cls({Delivery(kind): code for kind, code in (document or {}).items()})
