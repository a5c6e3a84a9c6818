"""The condition of a device that commands change: locked, restarted, lost. What is installed is not part of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


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
